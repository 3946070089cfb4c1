import CSQLite

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One open database and the statements prepared on it. Closes when it goes out of scope.
///
/// Every operation is `mutating`: the compiler grants one caller at a time, so no two threads can be inside SQLite with
/// one connection and no statement can run while another one is being stepped. That is the condition of
/// SQLITE_OPEN_NOMUTEX: "separate threads are allowed to use SQLite at the same time, as long as each thread is using a
/// different database connection" (https://sqlite.org/threadsafe.html). Share one as `Mutex<Connection>` or keep it on
/// a thread of its own.
package struct Connection: ~Copyable, @unchecked Sendable {
    // Unchecked because of the pointers; the rule above makes it safe to hand a connection to another thread.
    private let database: OpaquePointer
    private var statements: [SQLText: OpaquePointer] = [:]
    /// How many were run, for tests that bound it.
    package private(set) var statementsRun = 0

    /// Milliseconds to wait for another connection's lock.
    let busyTimeout: Int32

    /// More texts than the program has; past it the cache starts anew, so that generated SQL can't grow it without end.
    private static let cachedStatementsMax = 256

    /// Opens the database, and creates the file with mode 0600 when it is missing. SQLite gives the `-wal` and `-shm`
    /// files the mode of the database file.
    ///
    /// Foreign keys are enforced, and a double-quoted text is never a string.
    /// - Parameters:
    ///   - path: A file, or `:memory:`.
    ///   - milliseconds: How long to wait for another connection's lock before an error with `isBusy`.
    package init(path: String, busyTimeout milliseconds: Int32 = 5000, readOnly: Bool = false) throws(SQLiteError) {
        guard sqlite3_libversion_number() >= 3_038_000 else {
            let version = String(cString: sqlite3_libversion())
            throw SQLiteError(code: SQLITE_ERROR, message: "SQLite 3.38 or newer is needed, this is \(version)")
        }
        if !readOnly && path != ":memory:" { Self.createPrivately(path) }
        // "file:" would begin a URI where SQLite was built to know them (https://sqlite.org/uri.html): a path is a path.
        database = try Self.openDatabase(
            path.hasPrefix("file:") ? "./" + path : path,
            readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
        busyTimeout = milliseconds
        sqlite3_busy_timeout(database, milliseconds)
    }

    /// Opens a database only to look: nothing of it is changed, and no file is made beside it, as SQLite would to read one
    /// with a write-ahead log.
    package init(unchanging path: String) throws(SQLiteError) {
        database = try Self.openDatabase(unchangingURI(path), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI)
        busyTimeout = 5000
        sqlite3_busy_timeout(database, busyTimeout)
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(database)
    }

    /// What SQLite itself creates is readable by everybody whom the umask lets. O_EXCL, because closing a descriptor of
    /// a file that is already a database in this process would drop its locks (https://sqlite.org/howtocorrupt.html,
    /// 2.2). It refuses a symbolic link too, also one to nothing, so where that leads is asked for. Failures show when
    /// SQLite opens it.
    private static func createPrivately(_ path: String) {
        var target = path
        for _ in 0..<40 {
            let descriptor = open(target, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor < 0 else { return _ = close(descriptor) }
            guard errno == EEXIST, let next = destination(ofLink: target) else { return }
            target = next
        }
    }

    /// Where a symbolic link leads; `nil` for what is none.
    private static func destination(ofLink path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let length = readlink(path, &buffer, buffer.count)
        guard length > 0 else { return nil }
        let destination = String(decoding: buffer.prefix(length), as: UTF8.self)
        guard !destination.hasPrefix("/"), let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else {
            return destination
        }
        return String(path[...slash]) + destination
    }

    private static func openDatabase(_ name: String, _ access: Int32) throws(SQLiteError) -> OpaquePointer {
        var handle: OpaquePointer?
        let flags = access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let result = sqlite3_open_v2(name, &handle, flags, nil)
        guard result == SQLITE_OK, let database = handle else {
            let message = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(handle)
            throw SQLiteError(code: result, message: message)
        }
        // https://sqlite.org/c3ref/c_dbconfig_defensive.html. Triggers stay enabled and the schema trusted: the host's
        // tables live by them, and 3.40 refuses json_object() in a trigger of an untrusted schema. This process
        // registers no functions of its own that a schema could misuse.
        let settings = [
            (SQLITE_DBCONFIG_DQS_DML, false), (SQLITE_DBCONFIG_DQS_DDL, false), (SQLITE_DBCONFIG_ENABLE_FKEY, true),
            (SQLITE_DBCONFIG_DEFENSIVE, true),
        ]
        for (option, enabled) in settings {
            csqlite_db_config_flag(database, Int32(option), enabled ? 1 : 0)
        }
        return database
    }
}

// MARK: - Running statements

extension Connection {
    /// Runs one statement to its end; rows that it returns are dropped.
    package mutating func execute(_ sql: String, _ arguments: [SQLiteValue] = []) throws(SQLiteError) {
        let statement = try statement(sql)
        defer { statement.reset() }
        try statement.bind(arguments)
        try statement.run()
    }

    /// All rows of one statement.
    package mutating func query(_ sql: String, _ arguments: [SQLiteValue] = []) throws(SQLiteError) -> [Row] {
        var rows: [Row] = []
        try forEach(sql, arguments) { row in
            rows.append(row)
            return true
        }
        return rows
    }

    /// The first row of one statement, or `nil`. A statement that changes data is still run to its end.
    package mutating func first(_ sql: String, _ arguments: [SQLiteValue] = []) throws(SQLiteError) -> Row? {
        let statement = try statement(sql)
        defer { statement.reset() }
        try statement.bind(arguments)
        let row = try statement.step()
        // "Data modifications are made … during the first sqlite3_step() call"
        // (https://sqlite.org/lang_returning.html), but an implicit transaction commits only at the end, where the
        // commit may still fail.
        if row != nil && sqlite3_stmt_readonly(statement.handle) == 0 { try statement.run() }
        return row
    }

    /// Hands over the rows one by one, in constant memory, until `body` answers false.
    package mutating func forEach(
        _ sql: String, _ arguments: [SQLiteValue] = [], body: (Row) throws(SQLiteError) -> Bool
    ) throws(SQLiteError) {
        let statement = try statement(sql)
        defer { statement.reset() }
        try statement.bind(arguments)
        while let row = try statement.step() {
            guard try body(row) else { return }
        }
    }

    /// Runs the statements of a script one after another; none of them takes arguments. Not a transaction by itself.
    package mutating func script(_ sql: String) throws(SQLiteError) {
        var rest = Substring(sql)
        while !rest.isEmpty {
            let (handle, length) = try prepare(String(rest), persistent: false)
            let text = String(decoding: rest.utf8.prefix(length), as: UTF8.self)
            rest = Substring(rest.utf8.dropFirst(length))
            // Nothing but white space or a comment.
            guard let handle else { continue }
            defer { sqlite3_finalize(handle) }
            try Statement(database: database, handle: handle, sql: text).run()
        }
    }

    /// For as long as `body` runs, another connection's lock is waited for so many milliseconds.
    package mutating func waiting<T, E: Error>(
        atMost milliseconds: Int32, _ body: (inout Connection) throws(E) -> T
    ) throws(E) -> T {
        sqlite3_busy_timeout(database, milliseconds)
        defer { sqlite3_busy_timeout(database, busyTimeout) }
        return try body(&self)
    }

    /// Rows that the last INSERT, UPDATE or DELETE changed, triggers not counted.
    package var changes: Int { Int(sqlite3_changes64(database)) }
    /// Also when it was opened for writing: SQLite makes do with reading where the file may not be written.
    package var isReadOnly: Bool { sqlite3_db_readonly(database, "main") == 1 }
    /// Whether the file was moved, deleted or replaced since it was opened: what is written goes nowhere then. SQLite
    /// compares what lies at the path now with the file that is open
    /// (https://sqlite.org/c3ref/c_fcntl_begin_atomic_write.html#sqlitefcntlhasmoved).
    package var hasMoved: Bool {
        var moved: Int32 = 0
        return sqlite3_file_control(database, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0
    }
    /// Whether a transaction is open.
    package var isInTransaction: Bool { sqlite3_get_autocommit(database) == 0 }

    /// The prepared statement of this text. Persistent, because "the prepared statement will be retained for a long
    /// time and probably reused many times" (https://sqlite.org/c3ref/c_prepare_dont_log.html).
    private mutating func statement(_ sql: String) throws(SQLiteError) -> Statement {
        statementsRun += 1
        let key = SQLText(text: sql)
        if let handle = statements[key] { return Statement(database: database, handle: handle, sql: sql) }

        let (prepared, length) = try prepare(sql, persistent: true)
        guard let handle = prepared else { throw SQLiteError(code: SQLITE_MISUSE, message: "no statement", sql: sql) }
        guard !sql.utf8.dropFirst(length).contains(where: { !isWhiteSpace($0) }) else {
            sqlite3_finalize(handle)
            throw SQLiteError(code: SQLITE_MISUSE, message: "more than one statement", sql: sql)
        }
        if statements.count >= Self.cachedStatementsMax {
            for statement in statements.values { sqlite3_finalize(statement) }
            statements.removeAll(keepingCapacity: true)
        }
        statements[key] = handle
        return Statement(database: database, handle: handle, sql: sql)
    }

    /// The first statement of `sql` (`nil` when there is only white space or a comment), and how many bytes of the text
    /// it takes.
    private func prepare(_ sql: String, persistent: Bool) throws(SQLiteError) -> (OpaquePointer?, Int) {
        let length = sql.utf8.count
        var handle: OpaquePointer?
        var used = length
        let flags = UInt32(persistent ? SQLITE_PREPARE_PERSISTENT : 0)
        let result = sql.withCString { start in
            var tail: UnsafePointer<CChar>?
            let result = sqlite3_prepare_v3(database, start, Int32(length) + 1, flags, &handle, &tail)
            if let tail { used = start.distance(to: tail) }
            return result
        }
        guard result == SQLITE_OK else {
            throw SQLiteError(code: result, message: String(cString: sqlite3_errmsg(database)), sql: sql)
        }
        return (handle, used == 0 ? length : used)
    }
}

func isWhiteSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
