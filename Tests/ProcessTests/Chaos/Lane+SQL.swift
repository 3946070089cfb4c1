import SQLite
import TestSupport

/// The host's other programs: they know nothing of the process and write to the users table. Only to users about whom no
/// call is under way, so that it is known which of the two came later.
extension Lane {
    private struct Statement: Sendable {
        var kind: Call.Kind
        var name: String?
        var text: String
        var arguments: [SQLiteValue]
    }

    mutating func writeSQL() async throws {
        let index = Int.random(in: 0..<Application.usersPerLane, using: &random)
        let userId = application.userId(number, index)
        serial += 1
        guard let person = people[userId], person.isSettled, let statement = statement(userId, person) else { return }
        run.count(\.writes)
        let key = "\(application.name).\(userId)"
        run.history.note("\(number) writes \(statement.text) \(statement.arguments.map { "\($0)" })", of: key)
        people[userId]?.write(statement.kind, statement.name)
        let host = application.host
        let isDone = await onThread { (try? host.sql(statement.text, statement.arguments)) != nil }
        run.history.note(isDone ? "    it is written" : "    it is refused", of: key)
        // A statement that failed has changed nothing, and the table says so.
        guard isDone else { return try await learn(about: userId) }
        if let left = people[userId]?.written(statement.kind, statement.name) { run.end(left.life, left.departure) }
    }

    /// Somebody of whom it is not known whether it is there, and about whom no answer is to come any more.
    mutating func learnOne() async throws {
        let unknown = people.filter { $0.value.standing == .unknown && $0.value.callsUnderWay == 0 }
        if let userId = unknown.keys.min() { try await learn(about: userId) }
    }

    private mutating func learn(about userId: String) async throws {
        let host = application.host
        let rows = try await onThread {
            Result { try host.sql("SELECT name FROM users WHERE id = ?", [.text(userId)]) }
        }.get()
        learn(rows.first.map { $0.text(0) ?? "" }, of: userId)
    }

    private mutating func statement(_ userId: String, _ person: Person) -> Statement? {
        guard person.standing == .present else { return insertion(userId) }
        switch Int.random(in: 0..<10, using: &random) {
        case 0:
            return Statement(
                kind: .depart(.archive), text: "DELETE FROM users WHERE id = ?", arguments: [.text(userId)])
        case 1..<3 where run.settings.has(.staleSaves):
            return change(person, "stripe_customer_id = NULL", [])
        case 3..<6: return change(person, "phone = ?", [.text(phone(for: person.life))])
        default: return change(person, "email = ?", [.text(email(of: person.life, isNew: true))])
        }
    }

    private mutating func insertion(_ userId: String) -> Statement? {
        guard let life = beginLife(userId) else { return nil }
        let name = name(for: life)
        return Statement(
            kind: .register(life), name: name, text: "INSERT INTO users (id, email, name) VALUES (?, ?, ?)",
            arguments: [.text(userId), .text(email(of: life)), .text(name)])
    }

    /// Changes the name too, as every write of a profile does.
    private mutating func change(_ person: Person, _ more: String, _ arguments: [SQLiteValue]) -> Statement {
        let name = name(for: person.life)
        return Statement(
            kind: .update, name: name, text: "UPDATE users SET name = ?, \(more) WHERE id = ?",
            arguments: [.text(name)] + arguments + [.text(person.life.userId)])
    }
}
