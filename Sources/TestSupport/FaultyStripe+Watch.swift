import Environment
import HTTP
import JSON
import Synchronization

/// What a polite and careful client never does, counted as it happens.
package final class FaultWatch: Sendable {
    package struct Figures: Sendable {
        package var requests = 0
        package var mutations = 0
        /// Customers that came into being.
        package var created = 0
        package var faults = 0
        /// One sentence for each thing that must not happen.
        package var violations: [String] = []
        package var highestRatePerSecond = 0
    }

    private struct State {
        var figures = Figures()
        /// Mutations under way, by what they change: the customer, or the user whose customer is being made.
        var underWay: [String: [String]] = [:]
        /// What each idempotency key stands for.
        var keys: [String: String] = [:]
        var second: Milliseconds = 0
        var inSecond = 0
    }

    private let state = Mutex(State())

    package init() {}

    package var figures: Figures { state.withLock { $0.figures } }
    package var violations: [String] { figures.violations }

    func arrived(_ request: FaultyStripe.Request, at now: Milliseconds) {
        state.withLock { state in
            state.figures.requests += 1
            if now / 1000 != state.second { (state.second, state.inSecond) = (now / 1000, 0) }
            state.inSecond += 1
            state.figures.highestRatePerSecond = max(state.figures.highestRatePerSecond, state.inSecond)
            guard request.route == .create || request.route == .update else { return }
            guard let key = request.idempotencyKey else {
                state.figures.violations.append("\(request.route) without an Idempotency-Key")
                return
            }
            if let first = state.keys[key], first != request.identity {
                state.figures.violations.append("\(key) stands for two requests: \(first) and \(request.identity)")
            }
            state.keys[key] = request.identity
        }
    }

    func met(_ fault: FaultyStripe.Fault) { state.withLock { $0.figures.faults += 1 } }

    /// Repetitions under one key don't count as two: Stripe's idempotency layer keeps them apart.
    func began(_ request: FaultyStripe.Request, on subject: String?) {
        guard let subject else { return }
        state.withLock { state in
            state.figures.mutations += 1
            let others = state.underWay[subject, default: []].filter { $0 != request.mark }
            if let other = others.first {
                state.figures.violations.append("two mutations of \(subject) at once: \(other) and \(request.mark)")
            }
            state.underWay[subject, default: []].append(request.mark)
        }
    }

    func ended(_ request: FaultyStripe.Request, on subject: String?, _ response: HTTPResponse) {
        guard let subject else { return }
        state.withLock { state in
            if let index = state.underWay[subject]?.firstIndex(of: request.mark) {
                state.underWay[subject]?.remove(at: index)
            }
            if state.underWay[subject]?.isEmpty == true { state.underWay[subject] = nil }
            if request.route == .create, response.status == 200, response.headers["idempotent-replayed"] == nil {
                state.figures.created += 1
            }
        }
    }
}

extension FaultyStripe.Request {
    /// Tells a mutation from others of the same customer; a DELETE has no key and is idempotent.
    fileprivate var mark: String { idempotencyKey ?? route.rawValue }
}
