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

    func warn(_ log: Log) {
        for (what, path) in paths {
            var status = stat()
            guard stat(path, &status) == 0, status.st_mode & 0o077 != 0 else { continue }
            log(
                .warning, "file.readable_by_others",
                ["file": .string(what), "mode": .string("0" + String(status.st_mode & 0o777, radix: 8))])
        }
    }
}
