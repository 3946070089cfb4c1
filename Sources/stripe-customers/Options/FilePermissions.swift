import Environment
import JSON

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Files with secrets or personal data that others on the machine can read. It is the operator's choice, so it is said
/// and not refused.
struct FilePermissions: Sendable {
    private let paths: [(what: String, path: String)]

    init(_ options: Options) {
        var paths: [(what: String, path: String)] = []
        if let file = options.apiKeyFile, !options.sandbox { paths.append(("api_key", file)) }
        paths += options.webhookSecretFiles.map { ("webhook_secret", $0) }
        if options.database != ":memory:" {
            paths.append(("database", options.database))
            paths.append(("database_wal", options.database + "-wal"))
            paths.append(("audit_key", options.database + ".audit-key"))
            paths.append(("audit_anchor", options.database + ".audit-anchor"))
            if options.sandbox { paths.append(("sandbox", options.database + ".sandbox")) }
        }
        self.paths = paths
    }

    /// Those that are open, with their modes.
    private var open: [(what: String, path: String, mode: String)] {
        paths.compactMap { what, path in
            var status = stat()
            guard stat(path, &status) == 0, status.st_mode & 0o077 != 0 else { return nil }
            return (what, path, "0" + String(status.st_mode & 0o777, radix: 8))
        }
    }

    /// One line for all of them: the first, and the command that closes each.
    func warn(_ log: Log) {
        guard let first = open.first else { return }
        log(
            .warning, "file.readable_by_others",
            ["file": .string(first.what), "mode": .string(first.mode), "next": .string(remedy)])
    }

    /// `nil` where none is open.
    var finding: Finding? {
        let open = open
        guard !open.isEmpty else { return nil }
        return .warning(
            "files",
            "others on this machine can read " + open.map { "\($0.path) (mode \($0.mode))" }.joined(separator: ", "),
            next: remedy)
    }

    private var remedy: String { "chmod 600 " + open.map { shellWord($0.path) }.joined(separator: " ") }

    private func shellWord(_ path: String) -> String {
        let isPlain = path.utf8.allSatisfy { byte in
            "/._-+:@,".utf8.contains(byte) || Character(Unicode.Scalar(byte)).isLetter
                || Character(Unicode.Scalar(byte)).isNumber
        }
        return isPlain ? path : "'" + path.replacing("'", with: #"'\''"#) + "'"
    }
}
