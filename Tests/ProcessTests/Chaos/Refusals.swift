import SQLite
import TestSupport

/// The host's own rule refuses rows of its users table for a while, of every third user.
struct Refusals: Sendable {
    let run: ChaosRun

    private static let events = [
        "UPDATE OF stripe_customer_id ON users WHEN new.stripe_customer_id IS NOT NULL AND",
        "UPDATE OF name, email, phone ON users WHEN", "INSERT ON users WHEN", "DELETE ON users WHEN",
    ]

    func work() async throws {
        var random = run.settings.random(94)
        while !run.isOver {
            try await run.pause(1000...4000, &random)
            guard let application = run.applications.randomElement(using: &random),
                let event = Self.events.randomElement(using: &random)
            else { return }
            let row = event.hasPrefix("DELETE") ? "old" : "new"
            let host = application.host
            let text = """
                CREATE TRIGGER chaos_rule BEFORE \(event) \(row).id LIKE '%3' OR \(row).id LIKE '%\(Int.random(in: 0..<3, using: &random))'
                BEGIN SELECT RAISE(ABORT, 'chaos: no'); END
                """
            guard await onThread({ (try? host.sql(text)) != nil }) else { continue }
            run.count(\.refusals)
            run.history.note("the host of \(application.name) refuses \(event)", of: nil)
            try await run.pause(500...3000, &random)
            try await lift(application)
        }
    }

    private func lift(_ application: Application) async throws {
        let host = application.host
        while !(await onThread { (try? host.sql("DROP TRIGGER IF EXISTS chaos_rule")) != nil }) {}
        run.history.note("the host of \(application.name) refuses nothing any more", of: nil)
    }
}
