import CustomerStore
import JSON
import SQLiteStore
import Testing

/// What a call costs in the database: on a server each statement is a round trip.
@Suite("Statements of a call")
struct StatementCountTests {
    @Test("A registration commits twice, before Stripe is asked and after, with few statements")
    func registration() async throws {
        let world = try await World()
        let engine = try #require(world.store.engine as? SQLiteEngine)
        // The first one looks at the schema.
        try await world.call("registerUser", ["userId": "u1", "email": "u1@example.com"])
        _ = engine.takeEffort()
        try await world.call("registerUser", ["userId": "u2", "email": "u2@example.com"])
        let effort = engine.takeEffort()
        print("a registration: \(effort)")
        #expect(effort.commitsOfWrites == 2)
        // It was 50; BEGIN and COMMIT are among them. The anchor of the audit log is read whenever its time comes.
        #expect(effort.statementsOfWrites <= 27)
        try await world.expectPromises(users: ["u1", "u2"])
    }
}
