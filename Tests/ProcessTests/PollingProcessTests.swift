import HTTP
import JSON
import SQLite
import Synchronization
import TestSupport
import Testing

/// Following Stripe's events over the wire. localstripe's list of events knows neither `types` nor `ending_before`, so
/// Stripe is the sandbox behind a port.
@Suite("Polling over the wire")
struct PollingProcessTests {
    private let directory: TemporaryDirectory
    private let stripe: FaultyStripe

    init() throws {
        directory = try TemporaryDirectory()
        stripe = try FaultyStripe()
    }

    private func process() throws -> Subprocess {
        try Subprocess(
            [
                "--database", directory.file("test.sqlite"), "--api-base", stripe.url, "--rate-limit", "0",
                "--poll-interval", "1", "--stripe-wins", "name",
            ], environment: ["STRIPE_API_KEY": "sk_test_polling"])
    }

    private func sql(_ statement: String) throws -> [Row] {
        var connection = try Connection(path: directory.file("test.sqlite"), busyTimeout: 10_000)
        return try connection.query(statement)
    }

    @Test("Killed in the middle of events, and met by limits and failures, it misses none")
    func killed() async throws {
        let first = try process()
        for number in 1...3 {
            try await first.write(
                #"{"jsonrpc":"2.0","id":\#(number),"method":"registerUser","params":{"userId":"u\#(number)","#
                    + #""email":"u\#(number)@example.com","name":"Ada"}}"#)
            _ = try await first.readLine()
        }
        try await until("the cursor") { try sql("SELECT 1 FROM settings WHERE name = 'events_cursor'").count == 1 }
        first.closeInput()
        #expect(try await first.wait() == .exited(0))
        let ids = try sql("SELECT stripe_customer_id FROM users ORDER BY id").compactMap { $0.text(0) }
        for number in 1...150 {
            let id = ids[number % 3]
            try await stripe.direct(.post, "/v1/customers/" + id, "name=N\(number)")
        }

        // The edits of one second have to be asked for one by one: killed at the fortieth.
        let second = try process()
        let asked = Count()
        stripe.observe { request, stage in
            guard request.route == .retrieve, stage == .received else { return true }
            if asked.next() == 40 { second.kill(9) }
            return true
        }
        #expect(try await second.wait() == .signalled(9))
        let taken = try sql("SELECT 1 FROM stripe_events").count
        #expect((1..<150).contains(taken))
        stripe.observe { _, _ in true }
        let listed = Count()
        stripe.script { request in
            guard request.identity.contains("/v1/events") else { return nil }
            let faults: [FaultyStripe.Fault] = [.rateLimited, .unsaved500, .html502, .closed]
            let number = listed.next() - 1
            return number < faults.count ? faults[number] : nil
        }
        let third = try process()
        try await until("all events") { try sql("SELECT 1 FROM stripe_events").count >= 150 }
        try await until("the names") {
            try sql("SELECT name FROM users ORDER BY id").map { $0.text(0) } == ["N150", "N148", "N149"]
        }
        third.closeInput()
        #expect(try await third.wait() == .exited(0))
        #expect(try sql("SELECT 1 FROM sync_queue").isEmpty)
        #expect(stripe.watch.violations == [])
        let report = try await Subprocess.run(
            [
                "reconcile", "--database", directory.file("test.sqlite"), "--api-base", stripe.url, "--stripe-wins",
                "name",
            ],
            environment: ["STRIPE_API_KEY": "sk_test_polling"])
        #expect(report.status == .exited(0), "\(report.lines)")
    }
}

/// 1, 2, 3, …
private final class Count: Sendable {
    private let count = Atomic(0)
    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}
