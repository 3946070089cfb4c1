import JSON
import SQLite
import Synchronization
import TestSupport
import Testing

/// A host of one process on a database, whose Stripe is a `FaultyStripe`.
struct FaultyHost: Sendable {
    let database: String
    let stripe: FaultyStripe

    func spawn() throws -> Subprocess {
        try Subprocess(
            ["--database", database, "--api-base", stripe.url, "--rate-limit", "0", "--log-level", "error"],
            environment: ["STRIPE_API_KEY": "sk_test_faulty"])
    }

    /// Runs a process over these lines to the end of the input, when what they queued has been carried out.
    @discardableResult
    func run(_ lines: [String], timeout: Duration = .seconds(300)) async throws -> [JSONValue] {
        let process = try spawn()
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
    func backlog() throws -> Int64 {
        try sql(
            """
            SELECT (SELECT count(*) FROM sync_queue) + (SELECT count(*) FROM disposals)
                + (SELECT count(*) FROM create_intents WHERE state = 'pending')
            """
        ).first?.integer(0) ?? 0
    }
}

func request(_ id: Int, _ method: String, _ params: JSONObject) -> String {
    let message: JSONObject = [
        "jsonrpc": "2.0", "id": .number(JSONNumber(id)), "method": .string(method), "params": .object(params),
    ]
    return String(decoding: JSONValue.object(message).serialized(), as: UTF8.self)
}
