#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How the process ends, after sysexits(3).
enum ExitCode: Int32, Sendable {
    case ok = 0
    /// The command was carried out, and something is left for a person: users that failed, findings.
    case findings = 1
    /// EX_USAGE: the arguments are wrong.
    case usage = 64
    /// EX_SOFTWARE: a defect here.
    case internalError = 70
    /// EX_IOERR: reading, writing or the database failed.
    case inputOutput = 74
    /// EX_CONFIG: no key, or one that doesn't belong to the database.
    case configuration = 78

    /// Ends the process without running exit handlers: threads may still block in a read or a write, and destructors of
    /// libraries must not run under them.
    func leave() -> Never { _exit(rawValue) }
}

/// Why a command could not be carried out.
struct StartFailure: Error, Sendable, Equatable {
    var code: ExitCode
    /// One line for a person, without a secret.
    var message: String
    /// What to do about it, where the message ends in that.
    private(set) var remedy: String?

    init(_ code: ExitCode, _ message: String) {
        self.code = code
        self.message = message
    }

    init(_ code: ExitCode, _ cause: String, remedy: String) {
        self.init(code, "\(cause): \(remedy)")
        self.remedy = remedy
    }

    /// The message without the remedy.
    var cause: String { remedy.map { String(message.dropLast($0.count + 2)) } ?? message }
}
