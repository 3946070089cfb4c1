import TestSupport
import Testing

/// The tests of the whole process rest on this, so it has tests of its own.
@Suite("A process under test")
struct SubprocessTests {
    @Test("Lines go in and come out while the process runs, and it ends with its input")
    func lines() async throws {
        let cat = try Subprocess(binary: "/bin/cat")
        for line in ["one", "", "drei ü"] {
            try await cat.write(line)
            #expect(try await cat.readLine() == line)
        }
        try await cat.write(bytes: Array("no newline".utf8))
        cat.closeInput()
        #expect(try await cat.readAll() == ["no newline"])
        #expect(try await cat.wait() == .exited(0))
    }

    @Test("The exit code or the signal is told", arguments: [0, 7, 255])
    func status(code: Int32) async throws {
        let output = try await Subprocess.run(["-c", "echo out; echo err >&2; exit \(code)"], binary: "/bin/sh")
        #expect(output.lines == ["out"])
        #expect(output.standardError == "err\n")
        #expect(output.status == .exited(code))
        let killed = try Subprocess(binary: "/bin/cat")
        killed.kill(15)
        #expect(try await killed.wait() == .signalled(15))
        killed.kill(15)
    }

    @Test("A line that does not come, and an end that does not come, are told in time")
    func timeouts() async throws {
        let cat = try Subprocess(binary: "/bin/cat")
        await #expect(throws: Subprocess.TimedOut.self) { try await cat.readLine(timeout: .milliseconds(20)) }
        await #expect(throws: Subprocess.TimedOut.self) { try await cat.wait(timeout: .milliseconds(20)) }
    }

    @Test("More than a pipe holds goes through, both ways")
    func volume() async throws {
        let lines = (1...20_000).map { "line \($0)" }
        let output = try await Subprocess.run(input: lines.joined(separator: "\n"), binary: "/bin/cat")
        #expect(output.lines == lines)
    }

    @Test("Writing to a process that has ended is an error, not a signal")
    func closedPipe() async throws {
        let process = try Subprocess(binary: "/bin/true")
        #expect(try await process.wait() == .exited(0))
        await #expect(throws: SystemError.self) { try await process.write("late") }
    }

    @Test("The process has the environment, the directory and the descriptors that it was given, and no more")
    func surroundings() async throws {
        let directory = try TemporaryDirectory()
        let output = try await Subprocess.run(
            ["-c", "echo $STRIPE_API_KEY; pwd; ls /dev/fd | wc -w"], environment: ["STRIPE_API_KEY": "sk_test_1"],
            currentDirectory: directory.path, binary: "/bin/sh")
        #expect(output.lines.prefix(2) == ["sk_test_1", directory.path])
        // `ls` itself holds the fourth.
        #expect(output.lines.last.flatMap { Int($0.filter(\.isNumber)) } == 4)
    }

    @Test("A binary that is not there is an error")
    func missing() throws {
        #expect(throws: SystemError.self) { try Subprocess(binary: "/nonexistent") }
        #expect(Subprocess.binary.hasSuffix("/stripe-customers"))
    }
}
