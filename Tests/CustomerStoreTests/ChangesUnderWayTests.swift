import CustomerStore
import JSON
import TestSupport
import Testing

/// Notes of changes at Stripe, whose processes were killed.
@Suite("Changes under way")
struct ChangesUnderWayTests {
    /// Notes a change, forgets its process, lets somebody else at the note, and has the next process record it.
    /// - Returns: What the log has of it.
    private func recorded(after meddling: String? = nil) async throws -> [String] {
        let file = try StoreFile()
        let first = try file.store()
        let scope = AuditScope(actor: .init(id: "admin_1", role: "admin"), method: "updateCustomer")
        try await AuditScope.$current.withValue(scope) {
            try await first.noteChangeUnderWay(
                userId: "ada", customerId: "cus_1", email: "ada@example.com", details: ["fields": ["email"]])
        }
        await first.close()
        if let meddling { try file.execute(meddling) }
        let second = try file.store()
        try await second.renewLeases()
        await second.close()
        #expect(try file.rows("SELECT id FROM changes_under_way").isEmpty)
        return try file.rows("SELECT actor_id, method, user_id, outcome FROM audit_events")
    }

    @Test("A note that nobody touched is recorded in the name of its actor")
    func genuine() async throws {
        #expect(try await recorded() == ["admin_1|updateCustomer|ada|unknown"])
    }

    @Test(
        "A note of which anything was changed is recorded in nobody's name",
        arguments: [
            "owner = 'other'", "actor_id = 'boss'", "actor_id = NULL, actor_role = NULL", "actor_role = 'owner'",
            "method = 'deleteCustomer'", "user_id = 'bob'", "customer_id = NULL", "traceparent = '00-0'",
            "details = '{}'", "seal = NULL", "seal = ''",
        ])
    func changed(assignment: String) async throws {
        let events = try await recorded(after: "UPDATE changes_under_way SET \(assignment)")
        #expect(events == ["system|background|-|unknown"])
    }
}
