import Synchronization

/// A value that several may give and one waits for; all but the first are dropped.
package final class FirstValue<Value: Sendable>: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Value, Never>)
        case settled(Value)
    }

    private let state = Mutex(State.open)

    package init() {}

    /// To be asked for once.
    package var value: Value {
        get async {
            await withCheckedContinuation { continuation in
                let early: Value? = state.withLock { state in
                    guard case .settled(let value) = state else {
                        state = .awaited(continuation)
                        return nil
                    }
                    return value
                }
                if let early { continuation.resume(returning: early) }
            }
        }
    }

    package func settle(_ value: Value) {
        let waiting: CheckedContinuation<Value, Never>? = state.withLock { state in
            switch state {
            case .open:
                state = .settled(value)
                return nil
            case .awaited(let continuation):
                state = .settled(value)
                return continuation
            case .settled: return nil
            }
        }
        waiting?.resume(returning: value)
    }
}
