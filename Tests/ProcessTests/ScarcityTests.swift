import Glibc
import TestSupport
import Testing

/// The limit on processes does not hold for the superuser, so the start is another user's.
private let canLimit =
    geteuid() == 0 && access("/usr/bin/setpriv", X_OK) == 0 && access("/usr/bin/prlimit", X_OK) == 0

/// A start on a machine that gives too little.
@Suite("Scarcity at the start", .enabled(if: canLimit))
struct ScarcityTests {
    private static let nobody = "64999"

    enum Scarce: String, Sendable { case nproc, nofile, `as` }

    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        _ = chmod(directory.file(""), 0o777)
    }

    private func limited(_ scarce: Scarce, _ limit: Int, _ arguments: [String]) throws -> Subprocess {
        try Subprocess(
            [
                "--reuid=\(Self.nobody)", "--clear-groups", "/usr/bin/prlimit", "--\(scarce.rawValue)=\(limit)",
                Subprocess.binary,
            ] + arguments, binary: "/usr/bin/setpriv")
    }

    private static let threads: [(Scarce, Int)] = [1, 2, 3, 4, 6, 8, 10, 12].map { (.nproc, $0) }
    private static let files: [(Scarce, Int)] = [6, 8, 10, 12, 16, 20, 24].map { (.nofile, $0) }
    private static let memory: [(Scarce, Int)] = [40, 60, 80, 100, 140, 200, 300, 400].map { (.as, $0 << 20) }

    /// The loader itself, which needs memory and descriptors first, ends with 127 and a line of its own.
    @Test(
        "It ends within seconds with one line, or works; it never hangs and never dies of a trap",
        arguments: threads + files + memory)
    private func start(scarce: Scarce, limit: Int) async throws {
        for arguments in [["--sandbox", "--database", directory.file("a.sqlite")], ["--version"]] {
            let process = try limited(scarce, limit, arguments)
            try? await process.write(#"{"jsonrpc":"2.0","id":1,"method":"health"}"#)
            process.closeInput()
            let status = try await process.wait(timeout: .seconds(60))
            let error = process.standardError
            switch status {
            case .exited(0): break
            case .exited(127): #expect(error.contains("error while loading"), "\(error)")
            default:
                #expect([.exited(70), .exited(74)].contains(status), "\(scarce) \(limit): \(status) \(error)")
                #expect(error.split(separator: "\n").count == 1, "\(error)")
            }
        }
    }

    @Test("SIGTERM ends a process that is starved, too", arguments: [1, 8])
    func termination(limit: Int) async throws {
        let process = try limited(.nproc, limit, ["--sandbox", "--database", directory.file("a.sqlite")])
        process.kill(SIGTERM)
        let status = try await process.wait(timeout: .seconds(30))
        #expect([.exited(70), .exited(74), .exited(0), .signalled(SIGTERM)].contains(status))
    }

    @Test("SIGTERM ends a session with 0, and a command that is none by itself")
    func plain() async throws {
        let session = try Subprocess(["--sandbox", "--database", directory.file("b.sqlite")])
        try await session.write(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
        _ = try await session.readLine()
        session.kill(SIGTERM)
        #expect(try await session.wait(timeout: .seconds(30)) == .exited(0))
    }
}
