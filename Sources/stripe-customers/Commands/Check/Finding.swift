import JSON

/// What `check` says about one thing that it looked at.
struct Finding: Sendable, Equatable {
    enum State: String, Sendable {
        case ok, failed
        /// Work can begin, and some of it will fail.
        case warning
        /// It could not be looked at, or there is nothing of the kind; no reason not to begin.
        case skipped
    }

    var name: String
    var state: State
    /// What is there or, of what failed, the cause. Without a secret and without anything personal.
    var message: String
    /// What to do about it.
    var next: String?
    /// For a program: `mode`, `account`, `missing`, …
    var facts: JSONObject = [:]

    static func ok(_ name: String, _ message: String, _ facts: JSONObject = [:]) -> Finding {
        Finding(name: name, state: .ok, message: message, facts: facts)
    }

    static func failed(_ name: String, _ message: String, next: String, _ facts: JSONObject = [:]) -> Finding {
        Finding(name: name, state: .failed, message: message, next: next, facts: facts)
    }

    static func warning(_ name: String, _ message: String, next: String) -> Finding {
        Finding(name: name, state: .warning, message: message, next: next)
    }

    static func skipped(_ name: String, _ message: String) -> Finding {
        Finding(name: name, state: .skipped, message: message)
    }

    /// What would keep a session from starting.
    /// - Parameter next: where the failure itself doesn't tell what to do.
    static func failed(_ name: String, _ failure: StartFailure, next: String) -> Finding {
        .failed(name, failure.cause, next: failure.remedy ?? next)
    }

    var json: JSONValue {
        var members: JSONObject = [
            "name": .string(name), "state": .string(state.rawValue), "message": .string(message),
        ]
        members["next"] = next.map { .string($0) }
        for fact in facts.members { members[fact.name] = fact.value }
        return .object(members)
    }
}
