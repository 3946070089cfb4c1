import SQLite
import Testing

@Suite("A script")
struct ScriptStatementTests {
    @Test(
        "is cut where its statements end",
        arguments: [
            ("", []),
            ("  -- only a comment\n/* and ; another */ ", []),
            ("SELECT 1;SELECT 2;", ["SELECT 1;", "SELECT 2;"]),
            ("SELECT ';';\nSELECT \"a;b\", [c;d], `e;f`;", ["SELECT ';';", "SELECT \"a;b\", [c;d], `e;f`;"]),
            ("SELECT 'it''s; fine';", ["SELECT 'it''s; fine';"]),
            ("SELECT 1 -- a; b\n, 2;", ["SELECT 1 -- a; b\n, 2;"]),
            ("SELECT /* ; */ 1;;; SELECT 'é';", ["SELECT /* ; */ 1;", "SELECT 'é';"]),
            (
                "CREATE TRIGGER a AFTER INSERT ON t BEGIN UPDATE t SET a = ';'; DELETE FROM u; END; SELECT 1;",
                ["CREATE TRIGGER a AFTER INSERT ON t BEGIN UPDATE t SET a = ';'; DELETE FROM u; END;", "SELECT 1;"]
            ),
            (
                "CREATE TRIGGER a AFTER INSERT ON t BEGIN SELECT CASE WHEN 1 THEN 2 END; END;",
                ["CREATE TRIGGER a AFTER INSERT ON t BEGIN SELECT CASE WHEN 1 THEN 2 END; END;"]
            ),
        ] as [(String, [String])])
    func splitting(script: String, expected: [String]) throws {
        #expect(try splitStatements(script).map(\.sql) == expected)
    }

    @Test("keeps the comments that stand before each statement")
    func comments() throws {
        let statements = try splitStatements(
            """
            -- The users of the host.
            -- unless: SELECT 1 FROM sqlite_schema WHERE name = 'user; x'

            CREATE TABLE user (
              id INTEGER -- the key;
            );
            /* two
               lines */ --
            SELECT 1;
            -- the end
            """)
        #expect(
            statements.map(\.leadingComments) == [
                ["The users of the host.", "unless: SELECT 1 FROM sqlite_schema WHERE name = 'user; x'"],
                ["two\n   lines", ""],
            ])
        #expect(statements.map(\.sql) == ["CREATE TABLE user (\n  id INTEGER -- the key;\n);", "SELECT 1;"])
    }

    @Test(
        "whose last statement isn't finished is refused",
        arguments: ["SELECT 1", "SELECT 'a;", "SELECT 1; CREATE TRIGGER a AFTER INSERT ON t BEGIN DELETE FROM t;"])
    func incomplete(script: String) {
        #expect(throws: SQLiteError.self) { try splitStatements(script) }
    }

    @Test("runs all its statements, and stops at the first that fails")
    func running() throws {
        var connection = try Connection(path: ":memory:")
        try connection.script(" -- é\nCREATE TABLE t (a); INSERT INTO t VALUES ('x;y'); SELECT * FROM t -- the end")
        let error = try #require(throws: SQLiteError.self) {
            try connection.script("INSERT INTO t VALUES (2); INSERT INTO missing VALUES (3); INSERT INTO t VALUES (4)")
        }
        #expect(error.message.contains("missing"))
        #expect(try connection.first("SELECT count(*) FROM t")?.integer(0) == 2)
    }
}
