import JSON
import SQLite
import Synchronization
import TestSupport
import Testing

/// A host of one process on a database, whose Stripe is a `FaultyStripe`.
struct FaultyHost: Sendable {
    let database: String
    let stripe: FaultyStripe
    var logLevel = "error"
    /// Beyond those that every test needs.
    var options: [String] = []

    /// - Parameter apiKey: another one for each process where a test tells them apart by it.
    func spawn(apiKey: String = "sk_test_faulty") throws -> Subprocess {
        try Subprocess(
            ["--database", database, "--api-base", stripe.url, "--rate-limit", "0", "--log-level", logLevel] + options,
            environment: ["STRIPE_API_KEY": apiKey, "STRIPE_WEBHOOK_SECRET": Postman.secret])
    }

    /// Runs a process over these lines to the end of the input, when what they queued has been carried out.
    @discardableResult
    func run(
        _ lines: [String], apiKey: String = "sk_test_faulty", timeout: Duration = .seconds(300)
    ) async throws -> [JSONValue] {
        let process = try spawn(apiKey: apiKey)
        for line in lines { try await process.write(line) }
        process.closeInput()
        let output = try await process.readAll(timeout: timeout)
        _ = try await process.wait(timeout: timeout)
        return try output.map { try JSONValue(parsing: Array($0.utf8)) }
    }

    @discardableResult
    func sql(_ statement: String, _ arguments: [SQLiteValue] = []) throws -> [Row] {
        var connection = try Connection(path: database, busyTimeout: 20_000)
        return try connection.query(statement, arguments)
    }

    /// What is left to do: users and disposals queued, creates in doubt.
    func backlog() throws -> Int { try whatIsLeft().count }

    /// The same, a line each, the user first where there is one.
    func whatIsLeft() throws -> [String] {
        let queued = try sql(
            "SELECT user_id, parked, coalesce(error_type, ''), coalesce(error, '') FROM \(table("sync_queue"))"
        ).map { row in
            let what = row.bool(1) ? "is parked" : "is queued"
            return "\(row.text(0) ?? "") \(what): \(row.text(2) ?? "") \(row.text(3) ?? "")"
        }
        let disposals = try sql("SELECT user_id, customer_id, action, error_type FROM \(table("disposals"))").map {
            row in
            "\(row.text(0) ?? "-") has a customer to \(row.text(2) ?? ""): \(row.text(1) ?? "") \(row.text(3) ?? "")"
        }
        let intents = try sql("SELECT user_id FROM \(table("create_intents")) WHERE state = 'pending'").map { row in
            "\(row.text(0) ?? "") has a create in doubt"
        }
        return queued + disposals + intents
    }

    /// The program's own table of this name, with the prefix that keeps it apart from the host's.
    func table(_ name: String) throws -> String {
        let found = try sql(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name IN (?, 'stripe_customers_' || ?)",
            [.text(name), .text(name)])
        return found.first?.text(0) ?? name
    }
}

func request(_ id: Int, _ method: String, _ params: JSONObject) -> String {
    let message: JSONObject = [
        "jsonrpc": "2.0", "id": .number(JSONNumber(id)), "method": .string(method), "params": .object(params),
    ]
    return String(decoding: JSONValue.object(message).serialized(), as: UTF8.self)
}
