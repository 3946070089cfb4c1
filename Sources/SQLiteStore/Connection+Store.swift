import CustomerStore
import SQLite

/// The connection's operations with the store's error, so that a transaction's body has one type of failure.
extension Connection {
    mutating func change(_ sql: String, _ arguments: [SQLiteValue] = []) throws(StoreError) {
        do throws(SQLiteError) { try execute(sql, arguments) } catch { throw StoreError(error) }
    }

    mutating func rows(_ sql: String, _ arguments: [SQLiteValue] = []) throws(StoreError) -> [Row] {
        do throws(SQLiteError) { return try query(sql, arguments) } catch { throw StoreError(error) }
    }

    mutating func row(_ sql: String, _ arguments: [SQLiteValue] = []) throws(StoreError) -> Row? {
        do throws(SQLiteError) { return try first(sql, arguments) } catch { throw StoreError(error) }
    }

    mutating func hasTable(_ name: String) throws(StoreError) -> Bool {
        try row(
            "SELECT 1 FROM pragma_table_list WHERE schema = 'main' AND name = ? COLLATE NOCASE AND type = 'table'",
            [.text(name)]) != nil
    }
}
