import HTTP
import JSON
import SQLite

/// What is kept under an `Idempotency-Key`: https://docs.stripe.com/api/idempotent_requests
extension Call {
    /// "You can remove keys from the system automatically after they're at least 24 hours old", in seconds.
    private static let keyAgeMax: Int64 = 86_400

    /// The saved answer to this request, if it was made before.
    /// - Throws: 400 `idempotency_error` when the key was used for another request: "The idempotency layer compares
    ///   incoming parameters to those of the original request and errors if they're not the same."
    func savedAnswer(_ key: String, in connection: inout Connection) throws -> Answer? {
        try connection.execute("DELETE FROM idempotency WHERE created <= ?", [.integer(now - Self.keyAgeMax)])
        let row = try connection.first(
            "SELECT request, request_id, status, body FROM idempotency WHERE account = ? AND key = ?",
            [account, .text(key)])
        guard let row, let first = row.text(0), let requestID = row.text(1), let body = row.text(3) else { return nil }
        guard sameCodePoints(first, identity) else {
            throw StripeFailure(
                type: "idempotency_error",
                message: "Keys for idempotent requests can only be used with the same parameters they were first used "
                    + "with. Try using a key other than '\(key)' if you meant to execute a different request.")
        }
        return Answer(requestID: requestID, status: Int(row.integer(2) ?? 500), body: body)
    }

    func save(_ answer: Answer, under key: String, in connection: inout Connection) throws {
        try connection.execute(
            """
            INSERT INTO idempotency (account, key, created, request, request_id, status, body)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                account, .text(key), .integer(now), .text(identity), .text(answer.requestID), .init(answer.status),
                .text(answer.body),
            ])
    }

    /// Method, path and parameters, whatever their order and encoding.
    private var identity: String {
        let pairs = request.pairs
            .map { JSONValue.array([.string($0.name), .string($0.value)]).text }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return "\(request.method.rawValue) \(request.pathText) \(pairs.joined(separator: " "))"
    }
}
