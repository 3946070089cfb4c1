/// How a transaction begins: https://sqlite.org/lang_transaction.html
package enum TransactionKind: String, Sendable {
    /// Takes the write lock at once. For everything that writes: a deferred transaction that reads first can fail with
    /// SQLITE_BUSY at its first write, and waiting can't help it.
    case immediate = "BEGIN IMMEDIATE"
    /// Takes a lock when first needed. For several reads that must see one state.
    case deferred = "BEGIN DEFERRED"
}

extension Connection {
    /// Runs `body` as one transaction: committed when it returns, rolled back when it throws or the commit fails.
    ///
    /// The errors are typed when the closure says so, `{ connection throws(SQLiteError) in … }`: the compiler doesn't
    /// infer it (https://github.com/swiftlang/swift-evolution/blob/main/proposals/0413-typed-throws.md).
    /// - Throws: What `body` throws, or the database's refusal to begin or to commit.
    package mutating func transaction<T, E: SQLiteErrorConvertible>(
        _ kind: TransactionKind = .immediate, _ body: (inout Connection) throws(E) -> T
    ) throws(E) -> T {
        try run(begin: kind.rawValue, end: "COMMIT", undo: ["ROLLBACK"], refusal: E.init, body)
    }

    /// The same for a body that throws anything.
    package mutating func transaction<T>(
        _ kind: TransactionKind = .immediate, _ body: (inout Connection) throws -> T
    ) throws -> T {
        try run(begin: kind.rawValue, end: "COMMIT", undo: ["ROLLBACK"], refusal: { $0 }, body)
    }

    /// Runs `body` inside the open transaction (or as a deferred one of its own): what it did is undone when it throws,
    /// and the transaction goes on.
    package mutating func savepoint<T, E: SQLiteErrorConvertible>(
        _ body: (inout Connection) throws(E) -> T
    ) throws(E) -> T {
        try run(begin: Self.savepoint, end: Self.release, undo: Self.undoSavepoint, refusal: E.init, body)
    }

    /// The same for a body that throws anything.
    package mutating func savepoint<T>(_ body: (inout Connection) throws -> T) throws -> T {
        try run(begin: Self.savepoint, end: Self.release, undo: Self.undoSavepoint, refusal: { $0 }, body)
    }

    // One name at every depth: "ROLLBACK TO" and "RELEASE" mean "the most recent SAVEPOINT with a matching name"
    // (https://sqlite.org/lang_savepoint.html).
    private static let savepoint = "SAVEPOINT nested"
    private static let release = "RELEASE nested"
    private static let undoSavepoint = ["ROLLBACK TO nested", "RELEASE nested"]

    private mutating func run<T, E: Error>(
        begin: String, end: String, undo: [String], refusal: (SQLiteError) -> E,
        _ body: (inout Connection) throws(E) -> T
    ) throws(E) -> T {
        do throws(SQLiteError) { try execute(begin) } catch { throw refusal(error) }
        do throws(E) {
            let value = try body(&self)
            do throws(SQLiteError) { try execute(end) } catch { throw refusal(error) }
            return value
        } catch {
            // Some failures, a full disk among them, have rolled back by themselves; then nothing is left to undo
            // (https://sqlite.org/lang_transaction.html, 3). The error worth reporting is the first one.
            for statement in undo where isInTransaction { try? execute(statement) }
            throw error
        }
    }
}

extension SQLiteError: SQLiteErrorConvertible {
    package init(_ error: SQLiteError) { self = error }
}
