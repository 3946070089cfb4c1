import Dispatch
import SQLite
import Testing

@Suite("A connection")
struct ConnectionTests {
    @Test(
        "A value comes back as it went in",
        arguments: [
            nil, 0, .integer(.min), .integer(.max), 1.5, .real(.infinity), "", "Zoë 👩‍👩‍👧", "e\u{301}", "a\0b", "\0",
            .blob([]),
            .blob([0, 255, 1]),
        ] as [SQLiteValue])
    func roundTrip(value: SQLiteValue) throws {
        var connection = try Connection(path: ":memory:")
        #expect(try connection.first("SELECT ?1", [value])?[0] == value)
    }

    @Test("Texts that are only canonically equal are different values")
    func canonicalEquivalence() throws {
        #expect(SQLiteValue.text("\u{e9}") != SQLiteValue.text("e\u{301}"))
        var connection = try Connection(path: ":memory:")
        #expect(try connection.first("SELECT '\u{e9}'")?.text(0)?.utf8.count == 2)
        #expect(try connection.first("SELECT 'e\u{301}'")?.text(0)?.utf8.count == 3)
    }

    @Test("A row gives each storage class under its own name only")
    func row() throws {
        var connection = try Connection(path: ":memory:")
        let row = try #require(try connection.first("SELECT 1, 2.5, 'x', x'00ff', NULL, 0"))
        #expect(row.integer(0) == 1 && row.bool(0) && !row.bool(5))
        #expect(row.real(1) == 2.5)
        #expect(row.text(2) == "x" && row.integer(2) == nil)
        #expect(row.blob(3) == [0, 255])
        #expect(row.isNull(4) && row.text(4) == nil)
    }

    @Test("A violated constraint says which, and never the arguments")
    func constraint() throws {
        var connection = try Connection(path: ":memory:")
        try connection.script(
            "CREATE TABLE user (id INTEGER PRIMARY KEY, email TEXT UNIQUE NOT NULL CHECK (email <> '')) STRICT")
        let insert = "INSERT INTO user (email) VALUES (?)"
        try connection.execute(insert, ["ada@example.com"])
        let changes = connection.changes
        #expect(changes == 1)
        let duplicate = try #require(throws: SQLiteError.self) { try connection.execute(insert, ["ada@example.com"]) }
        #expect(duplicate.isConstraint && duplicate.isUniqueViolation && !duplicate.isBusy)
        #expect(duplicate.sql == insert && !"\(duplicate)".contains("ada"))
        let missing = try #require(throws: SQLiteError.self) { try connection.execute(insert, [nil]) }
        #expect(missing.isConstraint && !missing.isUniqueViolation)
        // The statement is usable again after an error.
        try connection.execute(insert, ["grace@example.com"])
        #expect(try connection.first("SELECT count(*) FROM user")?.integer(0) == 2)
    }

    @Test("A number of arguments that doesn't fit, a second statement, no statement and a NUL are refused")
    func misuse() throws {
        var connection = try Connection(path: ":memory:")
        #expect(throws: SQLiteError.self) { try connection.execute("SELECT ?", []) }
        #expect(throws: SQLiteError.self) { try connection.execute("SELECT 1", [1]) }
        #expect(throws: SQLiteError.self) { try connection.execute("SELECT 1; SELECT 2") }
        #expect(throws: SQLiteError.self) { try connection.execute(" -- nothing") }
        #expect(throws: SQLiteError.self) { try connection.execute("SELECT 1 \0 FROM x") }
        try connection.execute("SELECT 1;  \n")
    }

    @Test("More texts than the cache holds start it anew")
    func cacheLimit() throws {
        var connection = try Connection(path: ":memory:")
        for round in 0..<2 {
            for number in 0..<600 {
                #expect(try connection.first("SELECT \(number)")?.integer(0) == Int64(number), "round \(round)")
            }
        }
    }

    @Test("A cached statement forgets the arguments of its last use")
    func cachedStatement() throws {
        var connection = try Connection(path: ":memory:")
        try connection.execute("CREATE TABLE t (a, b)")
        for number in 0..<1000 { try connection.execute("INSERT INTO t VALUES (?, ?)", [.init(number), "x"]) }
        #expect(
            try connection.query("SELECT a FROM t WHERE a >= ? ORDER BY a", [998]).map { $0.integer(0) } == [998, 999])
        #expect(try connection.query("SELECT a FROM t WHERE a >= ? ORDER BY a", [2000]).isEmpty)
    }

    @Test("An insert with RETURNING is complete after the first row")
    func returning() throws {
        var connection = try Connection(path: ":memory:")
        try connection.execute("CREATE TABLE t (a)")
        #expect(try connection.first("INSERT INTO t VALUES (1), (2) RETURNING a")?.integer(0) == 1)
        #expect(try connection.first("SELECT count(*) FROM t")?.integer(0) == 2)
    }

    @Test("100,000 rows stream by, and false ends the stream")
    func streaming() throws {
        var connection = try Connection(path: ":memory:")
        let numbers = """
            WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
            SELECT i, 'x' || i FROM n
            """
        var sum: Int64 = 0
        try connection.forEach(numbers) { row in
            sum += row.integer(0) ?? 0
            return true
        }
        #expect(sum == 5_000_050_000)
        var seen = 0
        try connection.forEach(numbers) { _ in
            seen += 1
            return seen < 10
        }
        #expect(seen == 10)
    }
}
