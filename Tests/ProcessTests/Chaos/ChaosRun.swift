import JSON
import Synchronization
import TestSupport

/// One run: what all who take part in it share.
final class ChaosRun: Sendable {
    struct Counts: Sendable {
        var kills = 0
        var stops = 0
        var calls = 0
        var acknowledged = 0
        var writes = 0
        var clockSteps = 0
        var departures = 0
        var events = 0
        var strangers = 0
        var refusals = 0
        var operatorFaults = 0
    }

    let settings: ChaosSettings
    let directory: TemporaryDirectory
    let history = History()
    let values = Values()
    let watch: StandInWatch
    let weather = Weather()
    let stripe: FaultyStripe
    let applications: [Application]
    /// Lives that have ended, and how.
    let departed = Mutex<[Life: Departure]>([:])
    let counts = Mutex(Counts())
    private let began = Mutex(ContinuousClock.now)

    init(_ settings: ChaosSettings) throws {
        self.settings = settings
        directory = try TemporaryDirectory()
        watch = StandInWatch(history: history, values: values)
        var options = FaultyStripe.Options()
        options.latencyMilliseconds = 15
        options.subject = { [watch] in watch.life(of: $0)?.description }
        stripe = try FaultyStripe(path: directory.file("stripe.sqlite"), options: options)
        stripe.refuse {
            $0.form["phone"]?.contains(Self.refusedPart) == true ? FaultyStripe.Refusal(400, param: "phone") : nil
        }
        let isNamed = settings.has(.neighbour) && !settings.isUnnamed
        var applications = [
            Application(
                name: "shop",
                host: FaultyHost(
                    database: directory.file("shop.sqlite"), stripe: stripe, logLevel: settings.logLevel,
                    options: isNamed ? ["--app", "shop"] : []),
                lanes: 4)
        ]
        if settings.has(.neighbour) {
            applications.append(
                Application(
                    name: "forum",
                    host: FaultyHost(
                        database: directory.file("forum.sqlite"), stripe: stripe, logLevel: settings.logLevel,
                        options: ["--app", "forum"]),
                    lanes: 1, addressShift: isNamed ? 0 : 1))
        }
        self.applications = applications
    }

    /// A phone number with this in it is refused by Stripe.
    static let refusedPart = " ext. "

    func start() { began.withLock { $0 = .now } }

    /// The time is up, and enough has happened in it: a busy machine gets up to five minutes more.
    var isOver: Bool {
        let took = ContinuousClock.now - began.withLock { $0 }
        let counts = counts.withLock { $0 }
        let isEnough = counts.kills > settings.seconds || !settings.has(.kills)
        let isAll = isEnough && counts.acknowledged > settings.seconds
        return took >= .seconds(settings.seconds) && (isAll || took >= .seconds(settings.seconds + 300))
    }

    /// Sleeps, and wakes early when the run is over.
    func pause(_ milliseconds: ClosedRange<Int>, _ random: inout SplitMix) async throws {
        let end = ContinuousClock.now + .milliseconds(Int.random(in: milliseconds, using: &random))
        while ContinuousClock.now < end, !isOver {
            try await Task.sleep(for: min(.milliseconds(100), end - .now))
        }
    }

    func count(_ what: any (WritableKeyPath<Counts, Int> & Sendable)) { counts.withLock { $0[keyPath: what] += 1 } }

    func end(_ life: Life, _ departure: Departure) {
        departed.withLock { $0[life] = departure }
        count(\.departures)
    }
}
