import Glibc
import JSON
import TestSupport
import Testing

/// The process under more than a host should ask of it. What is not here is in `SessionProcessTests`.
@Suite("The process under pressure")
struct PressureProcessTests {
    private let directory: TemporaryDirectory
    private let arguments: [String]

    init() throws {
        directory = try TemporaryDirectory()
        arguments = ["--sandbox", "--database", directory.file("test.sqlite")]
    }

    // MARK: Much

    @Test("A host that asks 10,000 times and reads nothing: memory stays bounded all the while, and all is answered")
    func readsNothing() async throws {
        let process = try Subprocess(arguments)
        let user = #""userId":"u1""#
        let name = String(repeating: "n", count: 250)
        try await process.write(request(0, "registerUser", #"{\#(user),"email":"ada@example.com","name":"\#(name)"}"#))
        _ = try await process.next()
        let before = process.kilobytes(.resident)

        let writing = Task {
            for start in stride(from: 1, through: 10_000, by: 100) {
                try await process.writeLines((start..<start + 100).map { request($0, "getUser", "{\(user)}") })
            }
            process.closeInput()
        }
        var samples: [Int] = []
        for _ in 0..<20 {
            try await Task.sleep(for: .milliseconds(50))
            samples.append(process.kilobytes(.resident))
        }
        var ids: [Int64] = []
        while let line = try await process.readLine() {
            ids.append(try #require(try JSONValue(parsing: Array(line.utf8))["id"]?.int64))
            if ids.count % 500 == 0 { samples.append(process.kilobytes(.resident)) }
        }
        try await writing.value
        #expect(ids == Array(1...10_000))
        #expect(try await process.wait() == .exited(0))
        let highest = try #require(samples.max())
        #expect(highest - before < 16_000, "from \(before) to \(highest) KB")
    }

    @Test("An undrained stderr blocks nothing, with every line logged")
    func undrainedDebugLog() async throws {
        let pipe = directory.file("errors")
        let process = try shell(
            #"mkfifo "\#(pipe)" && exec 4<>"\#(pipe)" && exec "$0" "$@" --log-level debug 2>&4"#)
        let writing = Task {
            try await process.writeLines((1...3000).map { request($0, "nothing") })
            process.closeInput()
        }
        #expect(try await process.readAll().count == 3000)
        try await writing.value
        #expect(try await process.wait() == .exited(0))
    }

    @Test("A batch of 10,000 is answered with one array, in the order of its requests; one more is refused")
    func longBatch() async throws {
        let process = try Subprocess(arguments)
        func batch(_ count: Int) -> String {
            "[" + (1...count).map { request($0, "ping") }.joined(separator: ",") + "]"
        }
        try await process.write(batch(10_000))
        let answers = try #require(try await process.next().array)
        #expect(answers.compactMap { $0["id"]?.int64 } == Array(1...10_000))
        #expect(answers.allSatisfy { $0["result"] != nil })
        try await process.write(batch(10_001))
        let refusal = try await process.next()
        #expect(refusal["error"]?["code"]?.int64 == -32600)
        #expect(refusal["error"]?["data"]?["limit"]?.int64 == 10_000)
    }

    @Test("A batch that asks for a gigabyte is answered in bounded memory: what is too much is refused, each by itself")
    func batchOfLongAnswers() async throws {
        let process = try Subprocess(arguments)
        try await process.write("[" + (1...10_000).map { request($0, "rpc.discover") }.joined(separator: ",") + "]")
        let answers = try #require(try await process.next(timeout: .seconds(300)).array)
        #expect(answers.map { $0["id"]?.int64 } == Array(1...10_000))
        let refused = answers.drop { $0["result"] != nil }
        #expect(refused.count > 1000 && refused.count < 9_900)
        #expect(refused.allSatisfy { $0["error"]?["data"]?["limit"]?.int64 == 64 << 20 || $0["result"] != nil })
        #expect(process.kilobytes(.peak) < 300_000)
    }

    @Test("A line of exactly 8 MiB is served, one byte more is refused, and the next line is served")
    func longestLine() async throws {
        let process = try Subprocess(arguments)
        let limit = 8 << 20
        func line(of count: Int) -> [UInt8] {
            let start = Array(#"{"jsonrpc":"2.0","id":1,"method":"ping","x":""#.utf8)
            return start + Array(repeating: UInt8(ascii: "x"), count: count - start.count - 2) + Array("\"}".utf8)
        }
        for ending in ["\n", "\r\n"] {
            try await process.write(bytes: line(of: limit) + Array(ending.utf8))
            #expect(try await process.next()["result"] != nil)
            try await process.write(bytes: line(of: limit + 1) + Array(ending.utf8))
            let refusal = try await process.next()
            #expect(refusal["error"]?["code"]?.int64 == -32600)
            #expect(refusal["error"]?["data"]?["limit"]?.int64 == Int64(limit))
        }
        try await process.write(request(2, "ping"))
        #expect(try await process.next()["id"]?.int64 == 2)
    }

    @Test("A line of 200 MiB is skipped in bounded memory")
    func endlessLine() async throws {
        let process = try Subprocess(arguments)
        let piece = Array(repeating: UInt8(ascii: "x"), count: 4 << 20)
        try await process.write(bytes: piece + piece + piece)
        #expect(try await process.next()["error"]?["code"]?.int64 == -32600)
        let before = process.kilobytes(.resident)
        for _ in 0..<47 { try await process.write(bytes: piece) }
        #expect(process.kilobytes(.resident) < before + 4000)
        try await process.write("\n" + request(1, "ping"))
        #expect(try await process.next()["id"]?.int64 == 1)
    }

    // MARK: Ends

    @Test("SIGTERM with work in flight: it is finished and answered, and the process ends with 0")
    func terminatedAtWork() async throws {
        let slow = try SlowStripe { 200_000 }
        let process = try slow.process(directory)
        try await process.writeLines(
            (1...5).map { request($0, "registerUser", #"{"userId":"u\#($0)","email":"u\#($0)@example.com"}"#) })
        try await until("five requests") { slow.requests.count >= 5 }
        process.kill(SIGTERM)
        let answers = try await process.readAll()
        // What Stripe keeps waiting for five seconds, on a busy machine, is answered as pending and finished all the same.
        #expect(answers.count == 5)
        #expect(answers.allSatisfy { $0.contains(#""state":"synced""#) || $0.contains(#""state":"pending""#) })
        #expect(try await process.wait() == .exited(0))
        #expect(try await slow.stripe.liveCustomers().count == 5)
    }

    @Test("SIGTERM while Stripe answers nothing: after its grace of 10 s the process says so to who waits, and ends")
    func terminatedInVain() async throws {
        let silent = try LoopbackServer { _ in .stall(milliseconds: 60_000) }
        let process = try waiting(for: silent)
        try await process.writeLines([
            request(1, "registerUser", #"{"userId":"u1","email":"ada@example.com"}"#),
            request(2, "getCustomer", #"{"customerId":"cus_1"}"#),
        ])
        try await until("both requests") { silent.requests.count >= 2 }
        let began = ContinuousClock.now
        process.kill(SIGTERM)
        #expect(try await process.wait() == .exited(0))
        let took = ContinuousClock.now - began
        // Stripe would answer after 60 s; half of that is room for a busy machine.
        #expect(took >= .seconds(10) && took < .seconds(40), "\(took)")
        let answers = try await process.readAll().map { try JSONValue(parsing: Array($0.utf8)) }
        let refusal = answers.first { $0["id"]?.int64 == 2 }?["error"]
        #expect(refusal?["code"]?.int64 == -32040)
        #expect(refusal?["data"]?["type"]?.string == "shutting_down")
    }

    @Test("A host that is killed while its calls are under way leaves no process behind")
    func killedHost() async throws {
        let silent = try LoopbackServer { _ in .stall(milliseconds: 60_000) }
        let process = try waiting(for: silent, #"exec 3<&0; "$0" "$@" <&3 & exec 3<&-; wait"#)
        try await process.write(request(1, "registerUser", #"{"userId":"u1","email":"ada@example.com"}"#))
        try await until("a request") { !silent.requests.isEmpty }
        let began = ContinuousClock.now
        process.kill(SIGKILL)
        while try await process.readLine() != nil {}
        // Within a second or so, and in any case without the grace of 10 s that it has after SIGTERM.
        #expect(ContinuousClock.now - began < .seconds(9))
    }

    private func waiting(for server: LoopbackServer, _ script: String = #"exec "$0" "$@""#) throws -> Subprocess {
        try Subprocess(
            [
                "-c", script, Subprocess.binary, "--database", directory.file("test.sqlite"), "--api-base", server.url,
            ], environment: ["STRIPE_API_KEY": "sk_test_slow"], binary: "/bin/sh")
    }

    // MARK: What stdin is

    @Test("A file as stdin is served to its end")
    func file() async throws {
        let script = directory.file("script")
        let process = try shell(#"cat >"\#(script)"; exec "$0" "$@" <"\#(script)""#)
        try await process.writeLines((1...100).map { request($0, "ping") })
        process.closeInput()
        #expect(try await process.readAll().count == 100)
        #expect(try await process.wait() == .exited(0))
    }

    @Test("A terminal as stdin: a hint for who types, answers, and Ctrl-D ends")
    func terminal() async throws {
        let terminal = try Terminal()
        let process = try shell(#"exec "$0" "$@" <"\#(terminal.path)""#)
        terminal.type(request(1, "ping") + "\n")
        #expect(try await process.next()["id"]?.int64 == 1)
        terminal.type("\u{4}")
        #expect(try await process.wait() == .exited(0))
        #expect(process.standardError.contains("Ctrl-D"))
    }

    @Test("Ctrl-C at the terminal that is stdin ends the process")
    func interruptedAtTerminal() async throws {
        let terminal = try Terminal()
        // `setsid` makes the terminal the controlling one, so that Ctrl-C becomes SIGINT; it would hide the status.
        let process = try shell(
            #"setsid --ctty --wait sh -c '"$0" "$@"; echo "status $?" >&2' "$0" "$@" <"\#(terminal.path)""#)
        terminal.type(request(1, "ping") + "\n")
        #expect(try await process.next()["id"]?.int64 == 1)
        terminal.type("\u{3}")
        #expect(try await process.readLine() == nil)
    }

    @Test(
        "Descriptors that are closed at start do no harm, in all combinations; without a stdout nothing is carried out",
        arguments: ["", "<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
    func closedDescriptors(redirections: String) async throws {
        let closed = redirections.split(separator: " ")
        let hasOutput = !closed.contains(">&-")
        let process = try shell(#""$0" "$@" "# + redirections + "; echo status $?")
        let user = #"{"userId":"u1","email":"ada@example.com"}"#
        try? await process.write(request(1, "registerUser", user))
        process.closeInput()
        let lines = try await process.readAll()
        #expect(lines.last == (hasOutput ? "status 0" : "status 74"))
        let carriesOut = hasOutput && !closed.contains("<&-")
        #expect(lines.count == (carriesOut ? 2 : 1))
        // The end of the output says nothing of standard error, which is another pipe.
        #expect(try await process.wait() == .exited(0))
        if !hasOutput, !closed.contains("2>&-") {
            #expect(process.standardError == "stripe-customers: stdout is closed: nobody could read an answer\n")
        }
        // Nothing of what was meant for a closed descriptor has got into the database.
        let check = try await Subprocess.run(arguments, input: request(1, "listUsers"))
        #expect(check.lines.first?.contains(#""u1""#) == carriesOut)
    }

    private func shell(_ script: String) throws -> Subprocess {
        try Subprocess(["-c", script, Subprocess.binary] + arguments, binary: "/bin/sh")
    }
}

/// A pseudoterminal: the test holds the side of the keyboard.
private final class Terminal: Sendable {
    let path: String
    private let keyboard: Int32

    init() throws {
        // What posix_openpt(3), unlockpt(3) and ptsname(3) do, which Swift does not see:
        // https://man7.org/linux/man-pages/man2/TIOCSPTLCK.2const.html
        let (setLock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
        var (isLocked, number): (Int32, UInt32) = (0, 0)
        keyboard = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        try #require(keyboard >= 0)
        try #require(ioctl(keyboard, setLock, &isLocked) == 0 && ioctl(keyboard, getNumber, &number) == 0)
        path = "/dev/pts/\(number)"
    }

    func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(keyboard, bytes, bytes.count)
    }

    deinit { close(keyboard) }
}
