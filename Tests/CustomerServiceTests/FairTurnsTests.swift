import CustomerService
import CustomerStore
import JSON
import SQLite
import TestSupport
import Testing

@Suite("Fair turns in the queue")
struct FairTurnsTests {
    @Test("Each kind has its turn, in its own order, and another one begins each time")
    func turns() {
        let kinds = [["a1", "a2", "a3"], ["b1"], ["c1", "c2"]]
        #expect(takingTurns(kinds, first: 0, limit: 10) == ["a1", "b1", "c1", "a2", "c2", "a3"])
        #expect(takingTurns(kinds, first: 1, limit: 3) == ["b1", "c1", "a1"])
        #expect(takingTurns(kinds, first: 5, limit: 1) == ["c1"])
        #expect(takingTurns(kinds, first: .min, limit: 0) == [])
        #expect(takingTurns([[], ["b1"]], first: 0, limit: 1) == ["b1"])
        #expect(takingTurns([[Int]](), first: 0, limit: 1) == [])
    }

    @Test("A deletion behind 150 queued users is carried out among the first", arguments: ["archive", "delete"])
    func disposals(action: String) async throws {
        let world = try await World()
        try await world.call("registerUser", ["userId": "gone", "email": "gone@example.com"])
        try world.sql(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150)
            INSERT INTO users (id, email) SELECT 'a' || i, 'a' || i || '@example.com' FROM n
            """)
        try world.sql("DELETE FROM users WHERE id = 'gone'")
        try world.sql("UPDATE disposals SET action = '\(action)'")
        let creates = Counter()
        let before = Counter()
        world.stripe.observe { request, stage in
            guard stage == .executed else { return true }
            if request.route == .create { _ = creates.next() }
            if request.route == .delete || request.route == .update && request.form["metadata[archived_at]"] != nil {
                for _ in 0..<creates.value { _ = before.next() }
            }
            return true
        }
        await world.worker.drain()
        #expect(creates.value >= 150)
        #expect(before.value < 32)
        #expect(try await world.store.queueStatus().pending == 0)
    }

    @Test("Users whom the host's rule refuses, at the head of the queue, leave no others undone at the end of input")
    func refused() async throws {
        let world = try await World()
        try world.sql(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 140)
            INSERT INTO users (id, email) SELECT printf('u%03d', i), 'u' || i || '@example.com' FROM n
            """)
        try world.sql(
            """
            CREATE TRIGGER host_rule BEFORE UPDATE OF stripe_customer_id ON users WHEN new.id <= 'u040'
            BEGIN SELECT RAISE(ABORT, 'not before the terms are accepted'); END
            """)
        await world.worker.drain()
        let linked = try world.sql("SELECT count(*) FROM users WHERE stripe_customer_id IS NOT NULL").first
        #expect(linked?.integer(0) == 100)
    }
}
