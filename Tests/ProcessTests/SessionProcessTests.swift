import Glibc
import JSON
import TestSupport
import Testing

/// The process as a host meets it, with the host's bad days. Only `ping` is called: this is about the session.
@Suite("The process and its host")
struct SessionProcessTests {
    private let directory: TemporaryDirectory
    private let arguments: [String]

    init() throws {
        directory = try TemporaryDirectory()
        arguments = ["--sandbox", "--database", directory.file("test.sqlite")]
    }

    private func ping(_ id: Int) -> String { #"{"jsonrpc":"2.0","id":\#(id),"method":"ping"}"# }
    private func pong(_ id: Int) -> String { #"{"jsonrpc":"2.0","id":\#(id),"result":{}}"# }

    @Test("The end of the input ends it with 0, after the last line, which needs no line end")
    func endOfInput() async throws {
        let output = try await Subprocess.run(arguments, input: ping(1))
        #expect(output.lines == [pong(1)])
        #expect(output.status == .exited(0))
    }

    @Test(
        "A bad line is answered and the next one served",
        arguments: [
            ("{bad", -32700), ("{\"a\":1,}", -32700), ("\u{1}", -32700), ("nul", -32700), ("{} {}", -32700),
            (String(repeating: "[", count: 200), -32700), ("[]", -32600), ("1", -32600), ("{}", -32600),
        ] as [(String, Int64)])
    func badLine(line: String, code: Int64) async throws {
        let output = try await Subprocess.run(arguments, input: "\(line)\n\(ping(2))\n")
        let error = try JSONValue(parsing: Array(try #require(output.lines.first).utf8))
        #expect(error["error"]?["code"]?.int64 == code)
        #expect(error["id"]?.isNull == true)
        #expect(output.lines.dropFirst() == [pong(2)])
        #expect(output.status == .exited(0))
    }

    @Test("Bytes that are not UTF-8 are a bad line")
    func invalidUTF8() async throws {
        let process = try Subprocess(arguments)
        try await process.write(bytes: [0x22, 0xFF, 0x22, 0x0A])
        #expect(try await process.readLine()?.contains("-32700") == true)
        try await process.write(ping(1))
        #expect(try await process.readLine() == pong(1))
    }

    @Test("A line of 9 MiB is refused with the limit, and the next one served")
    func longLine() async throws {
        let process = try Subprocess(arguments)
        try await process.write(String(repeating: "x", count: 9 << 20))
        try await process.write(ping(1))
        let refusal = try JSONValue(parsing: Array((try await process.readLine() ?? "").utf8))
        #expect(refusal["error"]?["code"]?.int64 == -32600)
        #expect(refusal["error"]?["data"]?["limit"]?.int64 == 8 << 20)
        #expect(try await process.readLine() == pong(1))
    }

    @Test("SIGTERM ends it with 0")
    func terminated() async throws {
        let process = try Subprocess(arguments)
        try await process.write(ping(1))
        #expect(try await process.readLine() == pong(1))
        process.kill(SIGTERM)
        #expect(try await process.wait() == .exited(0))
    }

    @Test("SIGINT is the host's: it goes on")
    func interrupted() async throws {
        let process = try Subprocess(arguments)
        try await process.write(ping(1))
        #expect(try await process.readLine() == pong(1))
        process.kill(SIGINT)
        try await process.write(ping(2))
        #expect(try await process.readLine() == pong(2))
    }

    @Test("A host that stops reading ends it within a second or so, while nothing is written")
    func closedOutput() async throws {
        // `head` reads the first answer and is gone; the input stays open.
        let process = try shell(#"{ "$0" "$@"; echo "status $?" >&2; } | head -n 1"#)
        try await process.write(ping(1))
        #expect(try await process.readLine() == pong(1))
        let began = ContinuousClock.now
        #expect(try await process.wait() == .exited(0))
        #expect(ContinuousClock.now - began < .seconds(30))
        #expect(process.standardError.contains("status 74"))
    }

    @Test("The end of its parent ends it, even while somebody else keeps the pipes open")
    func endOfParent() async throws {
        let process = try shell(#"exec 3<&0; "$0" "$@" <&3 & exec 3<&-; wait"#)
        try await process.write(ping(1))
        #expect(try await process.readLine() == pong(1))
        process.kill(SIGKILL)
        // The end of the output comes when the last who has it open is gone.
        let began = ContinuousClock.now
        #expect(try await process.readLine() == nil)
        #expect(ContinuousClock.now - began < .seconds(30))
    }

    @Test("/dev/null as stdin is the end of the input at once")
    func nullInput() async throws {
        let process = try shell(#"exec "$0" "$@" </dev/null"#)
        #expect(try await process.wait() == .exited(0))
    }

    @Test("A host that never reads stderr gets every answer")
    func undrainedErrors() async throws {
        // A pipe that is open for reading and never read.
        let pipe = directory.file("errors")
        let process = try shell(#"mkfifo "\#(pipe)" && exec 4<>"\#(pipe)" && exec "$0" "$@" 2>&4"#)
        let writing = Task {
            try await process.write((1...2000).map(ping).joined(separator: "\n"))
            process.closeInput()
        }
        #expect(try await process.readAll().count == 2000)
        try await writing.value
        #expect(try await process.wait() == .exited(0))
    }

    @Test("A host that writes 10,000 requests before it reads anything gets 10,000 answers, and memory stays bounded")
    func writesFirst() async throws {
        let process = try Subprocess(arguments)
        let id = String(repeating: "i", count: 1000)
        let writing = Task {
            let requests = (1...10_000).map { #"{"jsonrpc":"2.0","id":"\#(id)\#($0)","method":"ping"}"# }
            try await process.write(requests.joined(separator: "\n"))
            process.closeInput()
        }
        // Once it grows no more both pipes are full, and the process has stopped reading.
        var samples = [0]
        try await until("memory at rest") {
            samples.append(process.kilobytes(.resident))
            try await Task.sleep(for: .milliseconds(50))
            let latest = samples.suffix(10)
            return latest.count == 10 && (latest.max() ?? 0) - (latest.min() ?? 0) < 1_000
        }
        #expect(process.kilobytes(.resident) < 60_000)
        #expect(Set(try await process.readAll()).count == 10_000)
        try await writing.value
        #expect(try await process.wait() == .exited(0))
    }

    /// Runs the binary from a shell, as `$0` with its arguments as `$@`.
    private func shell(_ script: String) throws -> Subprocess {
        try Subprocess(["-c", script, Subprocess.binary] + arguments, binary: "/bin/sh")
    }
}
