import Dispatch
import Environment
import JSON
import Synchronization
import Testing

@Suite("The log")
struct LogTests {
    @Test("A line has the time, the level, the event and its fields")
    func line() {
        let lines = Lines()
        let writer = LogWriter(clock: FixedClock()) { lines.append($0) }
        let log = Log(to: writer, level: .info)
        log(.info, "call", ["method": "ping"])
        log(.debug, "unseen")
        log(.error, "bad")
        writer.flush(timeout: 5000)
        #expect(
            lines.texts == [
                #"{"time":"2026-01-01T00:00:00.000Z","level":"info","event":"call","method":"ping"}"# + "\n",
                #"{"time":"2026-01-01T00:00:00.000Z","level":"error","event":"bad"}"# + "\n",
            ])
    }

    @Test("No line holds a control character, whatever an id holds, and each is the JSON that it was")
    func controlCharacters() throws {
        let lines = Lines()
        let writer = LogWriter(clock: FixedClock()) { lines.append($0) }
        let id = "a\u{1B}[2J\u{7F}\u{80}\u{9B}31m\u{9F}\u{A0}é\u{2028}"
        writer.write(.info, "call", ["userId": .string(id)])
        writer.flush(timeout: 5000)
        let line = try #require(lines.texts.first)
        #expect(line.contains(#""userId":"a\u001b[2J\u007f\u0080\u009b31m\u009f\#u{A0}é\u2028""#))
        #expect(line.unicodeScalars.filter { $0.properties.generalCategory == .control } == ["\n"])
        #expect(try JSONValue(parsing: Array(line.utf8))["userId"]?.string == id)
    }

    @Test("An id that is an address or a key is masked, and a long one is left out, whoever writes the line")
    func foreignIDs() {
        let lines = Lines()
        let writer = LogWriter(clock: FixedClock()) { lines.append($0) }
        let log = Log(to: writer, level: .info)
        log(
            .warning, "sync.failed",
            ["userId": "ada@example.com", "customerId": .string(.init(repeating: "c", count: 200))])
        log(.info, "call", ["method": "rk_live_1234567890"])
        writer.flush(timeout: 5000)
        #expect(lines.texts.last?.hasSuffix(#""method":"***"}"# + "\n") == true)
        #expect(lines.texts.first?.hasSuffix(#""userId":"a***@example.com","customerId":"(long)"}"# + "\n") == true)
    }

    @Test("While stderr takes nothing lines are dropped, and counted once it does")
    func dropped() {
        let lines = Lines()
        let gate = DispatchSemaphore(value: 0)
        let writer = LogWriter(clock: FixedClock(), capacity: 10) { bytes in
            gate.wait()
            return lines.append(bytes)
        }
        for _ in 0..<100 { writer.write(.info, "call", [:]) }
        for _ in 0..<200 { gate.signal() }
        writer.flush(timeout: 5000)
        writer.flush(timeout: 5000)
        let written = lines.texts.compactMap { try? JSONValue(parsing: Array($0.utf8)) }
        let dropped = written.compactMap { $0["count"]?.int64 }
        #expect(!dropped.isEmpty)
        #expect(Int(dropped.reduce(0, +)) + written.count - dropped.count == 100)
    }

    @Test("A flush waits no longer than it may")
    func flushDeadline() {
        let gate = DispatchSemaphore(value: 0)
        let writer = LogWriter(clock: FixedClock()) { _ in
            gate.wait()
            return true
        }
        writer.write(.info, "call", [:])
        let duration = ContinuousClock().measure { writer.flush(timeout: 50) }
        #expect(duration < .seconds(30))
        gate.signal()
    }

    @Test("After a failed write nothing is written any more")
    func disabled() {
        let lines = Lines()
        let writer = LogWriter(clock: FixedClock()) { bytes in
            _ = lines.append(bytes)
            return false
        }
        for _ in 0..<5 { writer.write(.info, "call", [:]) }
        writer.flush(timeout: 5000)
        #expect(lines.texts.count == 1)
    }

    @Test(
        "Instants are written as RFC 3339",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"), (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (1_735_689_599_001, "2024-12-31T23:59:59.001Z"),
            (FixedClock.start, "2026-01-01T00:00:00.000Z"),
        ] as [(Milliseconds, String)])
    func timestamps(time: Milliseconds, text: String) { #expect(rfc3339(time) == text) }

    @Test("The fixed clock moves only when somebody sleeps on it")
    func fixedClock() async {
        let clock = FixedClock()
        #expect(clock.now() == FixedClock.start)
        #expect(clock.now() == FixedClock.start)
        await clock.sleep(86_400_000)
        #expect(clock.now() == FixedClock.start + 86_400_000)
    }

    @Test("The system clock tells this century")
    func systemClock() { #expect(SystemClock().now() > FixedClock.start - 366 * 86_400_000) }
}

private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var texts: [String] { lines.withLock { $0 } }
    func append(_ bytes: [UInt8]) -> Bool {
        lines.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
        return true
    }
}
