internal import Environment
internal import JSON
internal import SQLite

/// One request on its way through the sandbox: what an endpoint knows beside the database.
struct Call: Sendable {
    let request: SandboxRequest
    let requestID: String
    /// Seconds since 1970.
    let now: Int64
    let identifiers: any Identifiers
    let livemode: Bool
    let version: String

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
