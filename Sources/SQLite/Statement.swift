import CSQLite

/// A prepared statement: binding, stepping, reading columns. The connection that prepared it owns it and finalizes it.
struct Statement {
    let database: OpaquePointer
    let handle: OpaquePointer
    let sql: String

    /// Makes ready for the next use. "The sqlite3_clear_bindings() routine can be used to reset all host parameters to
    /// NULL": what was bound is personal data and leaves the memory of an idle statement.
    func reset() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    func bind(_ arguments: [SQLiteValue]) throws(SQLiteError) {
        let expected = Int(sqlite3_bind_parameter_count(handle))
        guard arguments.count == expected else {
            throw SQLiteError(
                code: SQLITE_RANGE, message: "\(arguments.count) arguments for \(expected) parameters", sql: sql)
        }
        for index in stride(from: Int32(1), through: Int32(expected), by: 1) {
            let number = number(of: index)
            guard arguments.indices.contains(number - 1) else { throw error(SQLITE_RANGE) }
            let result = bind(arguments[number - 1], at: index)
            guard result == SQLITE_OK else { throw error(result) }
        }
    }

    /// Which argument a parameter takes. For SQLite `$2` is a name like any other, numbered by where it first stands
    /// (https://sqlite.org/lang_expr.html#varparam); elsewhere it is the second, and so it is here.
    private func number(of index: Int32) -> Int {
        guard var character = sqlite3_bind_parameter_name(handle, index), UInt8(bitPattern: character.pointee) == 0x24
        else { return Int(index) }
        var number = 0
        while true {
            character += 1
            let digit = UInt8(bitPattern: character.pointee)
            guard (0x30...0x39).contains(digit), number < 100_000 else { return number }
            number = 10 * number + Int(digit - 0x30)
        }
    }

    private func bind(_ value: SQLiteValue, at index: Int32) -> Int32 {
        switch value {
        case .null: return sqlite3_bind_null(handle, index)
        case .integer(let value): return sqlite3_bind_int64(handle, index, value)
        case .real(let value): return sqlite3_bind_double(handle, index, value)
        case .text(var value):
            // By length, so that a NUL inside the text survives. A null pointer would bind NULL instead of an empty
            // text.
            return value.withUTF8 { bytes in
                guard let start = bytes.baseAddress else {
                    return sqlite3_bind_text(handle, index, "", 0, csqlite_transient())
                }
                return start.withMemoryRebound(to: CChar.self, capacity: bytes.count) { start in
                    sqlite3_bind_text64(
                        handle, index, start, UInt64(bytes.count), csqlite_transient(), UInt8(SQLITE_UTF8))
                }
            }
        case .brokenText(let value):
            return value.withUnsafeBytes { bytes in
                sqlite3_bind_text64(
                    handle, index, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), UInt64(bytes.count),
                    csqlite_transient(), UInt8(SQLITE_UTF8))
            }
        case .blob(let value):
            guard !value.isEmpty else { return sqlite3_bind_zeroblob(handle, index, 0) }
            return value.withUnsafeBytes { bytes in
                sqlite3_bind_blob64(handle, index, bytes.baseAddress, UInt64(bytes.count), csqlite_transient())
            }
        }
    }

    /// The next row, or `nil` when there are no more.
    func step() throws(SQLiteError) -> Row? {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return row()
        case SQLITE_DONE: return nil
        case let code: throw error(code)
        }
    }

    /// Runs to the end without reading what comes out.
    func run() throws(SQLiteError) {
        while true {
            switch sqlite3_step(handle) {
            case SQLITE_ROW: continue
            case SQLITE_DONE: return
            case let code: throw error(code)
            }
        }
    }

    private func row() -> Row {
        Row((0..<sqlite3_column_count(handle)).map(column))
    }

    private func column(_ index: Int32) -> SQLiteValue {
        switch sqlite3_column_type(handle, index) {
        case SQLITE_INTEGER: .integer(sqlite3_column_int64(handle, index))
        case SQLITE_FLOAT: .real(sqlite3_column_double(handle, index))
        // "The safest policy is to invoke … sqlite3_column_text() followed by sqlite3_column_bytes()":
        // https://sqlite.org/c3ref/column_blob.html.
        case SQLITE_TEXT: text(index)
        case SQLITE_BLOB:
            .blob(
                Array(
                    UnsafeRawBufferPointer(
                        start: sqlite3_column_blob(handle, index), count: Int(sqlite3_column_bytes(handle, index)))))
        default: .null
        }
    }

    private func text(_ index: Int32) -> SQLiteValue {
        let bytes = UnsafeBufferPointer(
            start: sqlite3_column_text(handle, index), count: Int(sqlite3_column_bytes(handle, index)))
        return String(validating: bytes, as: UTF8.self).map { .text($0) } ?? .brokenText(Array(bytes))
    }

    private func error(_ code: Int32) -> SQLiteError {
        SQLiteError(code: code, message: String(cString: sqlite3_errmsg(database)), sql: sql)
    }
}
