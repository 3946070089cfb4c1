/// A Node process that serves TLS with a certificate that it signed itself, for 127.0.0.1 and for `stripe.test`, a name that
/// no DNS knows (RFC 6761, section 6.2).
package struct TLSServer: Sendable {
    /// What the script printed: its ports.
    package let ports: [Int]
    private let directory: TemporaryDirectory
    private let process: Subprocess

    package var port: Int { ports.first ?? 0 }

    /// The certificate, which is its own authority.
    package var certificate: String { directory.file("certificate.pem") }

    package static func isAvailable() async throws -> Bool {
        try await Subprocess.run(["-c", "command -v openssl && command -v node"], binary: "/bin/sh").status
            == .exited(0)
    }

    /// - Parameter script: for Node; it finds `key.pem` and `certificate.pem` in its folder and prints its ports in one line,
    ///   with spaces between them.
    package static func start(_ script: String) async throws -> TLSServer {
        let directory = try TemporaryDirectory()
        let process = try Subprocess(
            ["-c", command], environment: ["SERVER": script], currentDirectory: directory.path, binary: "/bin/sh")
        let ports = (try await process.readLine() ?? "").split(separator: " ").compactMap { Int($0) }
        guard !ports.isEmpty else { throw NeverCame(description: "no port of the server: \(process.standardError)") }
        return TLSServer(ports: ports, directory: directory, process: process)
    }

    private static let command = """
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test \
            -addext subjectAltName=IP:127.0.0.1,DNS:stripe.test -keyout key.pem -out certificate.pem 2>&1 >/dev/null | cat >&2
        exec node -e "$SERVER"
        """
}
