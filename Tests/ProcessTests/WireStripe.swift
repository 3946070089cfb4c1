import Glibc
import JSON
import Synchronization
import TestSupport
import Testing

/// A Stripe that takes its time, and a process that works with it.
final class SlowStripe: Sendable {
    let stripe: FaultyStripe
    private let traffic = Traffic()

    /// - Parameter pause: microseconds that a request takes before it is carried out, and after it.
    init(pause: @escaping @Sendable () -> UInt32) throws {
        stripe = try FaultyStripe()
        stripe.observe { [traffic] request, stage in
            if stage == .received { traffic.begin(request) }
            usleep(pause())
            if stage == .executed { traffic.end() }
            return true
        }
    }

    /// Keeps the customer of this user from being made until the gate is open.
    func hold(_ userId: String, _ gate: Gate) {
        stripe.script { request in
            if request.route == .create, request.form["metadata[userId]"] == userId { gate.wait() }
            return nil
        }
    }

    /// The most requests that were under way at one time.
    var mostAtOnce: Int { traffic.counts.withLock { $0.most } }
    /// What has been asked for so far.
    var requests: [FaultyStripe.Request] { traffic.counts.withLock { $0.requests } }

    func process(_ directory: TemporaryDirectory, _ arguments: [String] = []) throws -> Subprocess {
        try Subprocess(
            [
                "--database", directory.file("test.sqlite"), "--api-base", stripe.url, "--rate-limit", "0",
                "--log-level", "warning",
            ] + arguments, environment: ["STRIPE_API_KEY": "sk_test_slow"])
    }
}

private final class Traffic: Sendable {
    let counts = Mutex((now: 0, most: 0, requests: [FaultyStripe.Request]()))

    func begin(_ request: FaultyStripe.Request) {
        counts.withLock { counts in
            counts.now += 1
            counts.most = max(counts.most, counts.now)
            counts.requests.append(request)
        }
    }

    func end() { counts.withLock { $0.now -= 1 } }
}

/// A request as a host writes it, its params in JSON.
func request(_ id: Int, _ method: String, _ params: String = "{}") -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#
}

extension Subprocess {
    /// How /proc names what a process has of the memory, at the moment and at most so far.
    enum Memory: String { case resident = "VmRSS:", peak = "VmHWM:" }

    func kilobytes(_ memory: Memory) -> Int {
        let status = String(decoding: contents(of: "/proc/\(processID)/status"), as: UTF8.self)
        let line = status.split(separator: "\n").first { $0.hasPrefix(memory.rawValue) }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0
    }

    func writeLines(_ lines: [String]) async throws { try await write(lines.joined(separator: "\n")) }

    /// The next line, which must be there and be JSON.
    func next(timeout: Duration = .hang) async throws -> JSONValue {
        let line = try #require(try await readLine(timeout: timeout), "the output ended")
        return try JSONValue(parsing: Array(line.utf8))
    }

    func next(_ count: Int, timeout: Duration = .hang) async throws -> [JSONValue] {
        var values: [JSONValue] = []
        for _ in 0..<count { values.append(try await next(timeout: timeout)) }
        return values
    }
}
