import Environment
import JSON
import SQLite

/// One request on its way through the sandbox: what an endpoint knows beside the database.
struct Call: Sendable {
    let request: SandboxRequest
    let requestID: String
    /// Seconds since 1970.
    let now: Int64
    let identifiers: any Identifiers
    let livemode: Bool
    let version: String
}

/// What an endpoint answered; `requestID` is that of the request that made it execute.
struct Answer {
    let requestID: String
    let status: Int
    let body: String
}

extension Call {
    /// The endpoint's answer or, under an idempotency key that is known, the one it gave the first time.
    ///
    /// "Results are only saved if an API endpoint started executing. If incoming parameters failed validation … no
    /// idempotent result is saved": https://docs.stripe.com/api/idempotent_requests
    /// - Throws: `StripeFailure` before anything is written; `SQLiteError` at any point, after which the transaction
    ///   has to be given up.
    func answer(_ connection: inout Connection) throws -> Answer {
        guard let key = request.idempotencyKey else { return try execute(prepare(), &connection) }
        if let saved = try savedAnswer(key, in: &connection) { return saved }
        let answer = try execute(prepare(), &connection)
        try save(answer, under: key, in: &connection)
        return answer
    }

    /// A failure of the endpoint is its answer. None of them has written anything by then.
    private func execute(_ execution: Execution, _ connection: inout Connection) throws -> Answer {
        do {
            return Answer(requestID: requestID, status: 200, body: try execution(&connection))
        } catch let failure as StripeFailure {
            return failure.answer(requestID: requestID, livemode: livemode)
        }
    }

    var account: SQLiteValue { .text(request.account) }

    /// A fresh id that no object of `table` has: counted identifiers start again with each process, the file doesn't.
    func freshID(_ prefix: String, length: Int, in table: String, _ connection: inout Connection) throws -> String {
        while true {
            let id = prefix + identifiers.next().suffix(length)
            if try connection.first("SELECT 1 FROM \(table) WHERE account = ? AND id = ?", [account, .text(id)]) == nil
            {
                return id
            }
        }
    }
}

extension JSONValue {
    /// A stored object.
    static func stored(_ text: String) throws(JSONSyntaxError) -> JSONObject {
        try JSONValue(parsing: text.utf8).object ?? JSONObject()
    }

    var text: String { String(decoding: serialized(), as: UTF8.self) }
}
