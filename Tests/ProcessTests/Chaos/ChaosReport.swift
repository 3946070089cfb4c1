import JSON
import Synchronization
import TestSupport

/// The figures of a run, and when an invariant broke, what it takes to find the cause.
struct ChaosReport: Sendable {
    private let run: ChaosRun
    private let users: Int

    /// So many broken invariants are told with their history; one cause often breaks many.
    private static let toldMax = 5

    init(_ run: ChaosRun, users: Int) {
        self.run = run
        self.users = users
    }

    var figures: String {
        let (counts, stripe) = (run.counts.withLock { $0 }, run.stripe.watch.figures)
        return """
            chaos: \(run.settings.seconds) s, \(counts.kills) kills, \(counts.stops) stops, \(counts.clockSteps) steps of \
            the clock, \(counts.calls) calls, \(counts.acknowledged) acknowledged, \(counts.writes) writes in SQL, \
            \(counts.departures) departures, \(counts.events) events, \(counts.strangers) strangers, \(counts.refusals) \
            refusals, \(counts.operatorFaults) operator's faults, \(users) users, \(stripe.requests) requests to Stripe, \
            \(stripe.faults) faults, \(stripe.created) customers made, \(run.watch.violations.count) broken invariants
            """
    }

    /// Keeps the run's folder, adds the histories and all customers, and prints the first of them.
    func leave() throws {
        run.directory.keep()
        print("chaos: the files are in \(run.directory.path)")
        var told: Set<String> = []
        var all: [String] = []
        for violation in run.watch.violations {
            all += ["", "=== " + violation.text]
            if let person = violation.person, told.insert(person).inserted { all += run.history.told(of: person) }
        }
        try appendFile("histories.txt", all.joined(separator: "\n"), in: run.directory)
        for violation in run.watch.violations.prefix(Self.toldMax) {
            print("=== " + violation.text)
            if let person = violation.person { print(run.history.told(of: person, last: 60).joined(separator: "\n")) }
        }
    }
}
