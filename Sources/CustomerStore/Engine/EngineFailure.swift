/// What the database could not do, whichever engine it is.
package struct EngineFailure: Error, Sendable {
    package enum Kind: Sendable {
        /// Another connection has the lock.
        case busy
        case full
        case inputOutput
        /// A row is against a rule of the schema.
        case refused
        case other
    }

    package var kind: Kind
    /// In the engine's words, without values of rows.
    package var message: String
    /// The engine's name and its own code, such as `SQLite code 5`.
    package var code: String

    package init(_ kind: Kind, message: String, code: String) {
        self.kind = kind
        self.message = message
        self.code = code
    }

    /// It may pass by itself.
    var isTemporary: Bool {
        switch kind {
        case .busy, .full, .inputOutput: true
        case .refused, .other: false
        }
    }
}

extension EngineFailure: CustomStringConvertible {
    /// One sentence without anything personal.
    package var description: String {
        switch kind {
        case .busy: "The database is locked by another process"
        case .full: "The disk is full"
        default: "The database failed: \(message) (\(code))"
        }
    }
}
