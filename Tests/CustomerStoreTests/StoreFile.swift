import CustomerStore
import Environment
import SQLite
import SQLiteStore
import TestSupport

/// A database file in a directory of its own, as other programs see it: plain SQL.
final class StoreFile: Sendable {
    private let directory: TemporaryDirectory
    let path: String

    /// - Parameter script: What a host did to the database before.
    init(_ script: String = "") throws {
        directory = try TemporaryDirectory()
        path = directory.file("users.sqlite")
        if !script.isEmpty { try execute(script) }
    }

    func execute(_ script: String) throws {
        var connection = try Connection(path: path, busyTimeout: 10_000)
        try connection.script(script)
    }

    /// The rows, the columns separated by `|`, NULL as a dash.
    func rows(_ sql: String) throws -> [String] {
        var connection = try Connection(path: path, busyTimeout: 10_000)
        return try connection.query(sql).map { row in
            row.values.map { value in
                switch value {
                case .text(let text): text
                case .integer(let number): String(number)
                case .real(let number): String(number)
                case .null: "-"
                case .blob: "blob"
                case .brokenText: "broken"
                }
            }.joined(separator: "|")
        }
    }

    func store() throws(StoreError) -> CustomerStore { try CustomerStore(path: path) }
}

let someTime: Milliseconds = 1_767_225_600_000

extension CustomerStore {
    /// Adds a user without an intent.
    @discardableResult
    func add(_ id: String, email: String) async throws(StoreError) -> User {
        try await insertUser(User(id: id, email: email), at: someTime, draft: { _ in nil }).user
    }
}
