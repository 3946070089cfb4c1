import Synchronization
import TestSupport

/// What every request to Stripe meets for the time being: an operator's fault that comes and goes.
final class Weather: Sendable {
    private let fault = Mutex<FaultyStripe.Fault?>(nil)

    var current: FaultyStripe.Fault? { fault.withLock { $0 } }

    /// Until the run is over: some good seconds, some bad ones.
    func change(_ run: ChaosRun) async throws {
        var random = run.settings.random(301)
        while !run.isOver {
            try await run.pause(3000...6000, &random)
            let next = FaultyStripe.Fault.operators.randomElement(using: &random)
            fault.withLock { $0 = next }
            run.count(\.operatorFaults)
            run.history.note("from now on every request meets \(next?.rawValue ?? "-")", of: nil)
            try await run.pause(500...3000, &random)
            fault.withLock { $0 = nil }
            run.history.note("requests go through again", of: nil)
        }
    }

    /// One request in five fails, a stalled one less often, since it costs seconds; one in ten is answered oddly.
    static func outages(_ settings: ChaosSettings) -> @Sendable () -> FaultyStripe.Fault? {
        let random = Mutex(settings.random(302))
        let (hasOutages, hasOddAnswers) = (settings.has(.outages), settings.has(.oddAnswers))
        return {
            random.withLock { random in
                switch Int.random(in: 0..<100, using: &random) {
                case 0..<20 where hasOutages:
                    let fault = FaultyStripe.Fault.outages.randomElement(using: &random)
                    return fault == .executedThenStalled && !random.isOne(in: 4) ? nil : fault
                case 20..<30 where hasOddAnswers: return FaultyStripe.Fault.oddAnswers.randomElement(using: &random)
                default: return nil
                }
            }
        }
    }
}
