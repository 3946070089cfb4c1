import CustomerStore
import Foundation
import Migrations
import SQLite
import SQLiteStore
import Testing

@Suite("Migrations")
struct MigrationTests {
    private let names = Migrations.all.map(\.name)

    @Test("The files of the folder are compiled in, byte by byte, numbered from 1 without a gap")
    func embedding() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Migrations")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".sql") }
        #expect(files.sorted() == names.map { $0 + ".sql" })
        for migration in Migrations.all {
            #expect(migration.sql == Array(try Data(contentsOf: folder.appending(path: migration.name + ".sql"))))
        }
        #expect(Migrations.all.map(\.version) == Array(1...Migrations.all.count))
        #expect(Migrations.all.allSatisfy { Int($0.name.dropFirst().prefix(4)) == $0.version })
    }

    @Test("A fresh database gets all of them, each recorded with its checksum and time")
    func fresh() throws {
        let file = try StoreFile()
        #expect(try MigrationRunner.migrate(path: file.path) == names)
        let recorded = try file.rows(
            "SELECT name, length(checksum) > 8, applied_at LIKE '20__-%Z' FROM schema_migrations")
        #expect(recorded == names.map { "\($0)|1|1" })
        #expect(try MigrationRunner.migrate(path: file.path) == [])
    }

    @Test("The columns and the index of the design")
    func design() throws {
        let file = try StoreFile()
        _ = try MigrationRunner.migrate(path: file.path)
        let columns = try file.rows("SELECT name, type, \"notnull\" FROM pragma_table_info('users')")
        #expect(columns.contains("stripe_customer_id|VARCHAR(255)|0"))
        #expect(columns.contains("email|TEXT|0"))
        let indexes = try file.rows("SELECT name, \"unique\", partial FROM pragma_index_list('users')")
        #expect(indexes.contains("users_stripe_customer_id|1|0"))
    }

    @Test("What is pending is told without writing, and without creating the file")
    func dryRun() throws {
        let file = try StoreFile()
        #expect(try MigrationRunner.pending(path: file.path) == names)
        #expect(!FileManager.default.fileExists(atPath: file.path))
        try file.execute("CREATE TABLE other (a)")
        #expect(try MigrationRunner.pending(path: file.path) == names)
        #expect(try file.rows("SELECT name FROM sqlite_schema") == ["other"])
    }

    @Test("A migration that was applied in another form is refused by name")
    func changed() throws {
        let file = try StoreFile()
        _ = try MigrationRunner.migrate(path: file.path)
        try file.execute("UPDATE schema_migrations SET checksum = 'other' WHERE version = 2")
        let error = #expect(throws: StoreError.self) { try MigrationRunner.migrate(path: file.path) }
        #expect(error?.description.contains(names[1]) == true)
        #expect(throws: StoreError.self) { try MigrationRunner.pending(path: file.path) }
    }

    @Test("A database of a newer version is refused and left alone")
    func newer() throws {
        let file = try StoreFile()
        _ = try MigrationRunner.migrate(path: file.path)
        try file.execute("INSERT INTO schema_migrations (version, name, checksum) VALUES (9999, 'future', 'x')")
        let error = #expect(throws: StoreError.self) { try file.store() }
        #expect(error?.description.contains("9999") == true)
    }

    @Test("A migration that fails leaves nothing of itself")
    func rollback() throws {
        // The index on the links meets a value twice, after columns were added.
        let file = try StoreFile(
            """
            CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT, stripe_customer_id TEXT);
            INSERT INTO users VALUES ('a', 'a@example.com', 'cus_1'), ('b', 'b@example.com', 'cus_1')
            """)
        #expect(throws: StoreError.self) { try MigrationRunner.migrate(path: file.path) }
        #expect(try file.rows("SELECT name FROM sqlite_schema WHERE type = 'table'") == ["users"])
        #expect(try file.rows("SELECT count(*) FROM pragma_table_info('users')") == ["3"])
    }

    @Test(
        "A name that the host has taken is told before anything is changed",
        arguments: [
            ("CREATE TABLE settings (a)", "table settings"), ("CREATE VIEW Leases AS SELECT 1", "view leases"),
            ("CREATE TABLE t (a); CREATE INDEX users_email_nocase ON t (a)", "index users_email_nocase"),
            ("CREATE TABLE schema_migrations (version VARCHAR NOT NULL PRIMARY KEY)", "table schema_migrations"),
            (
                "CREATE TABLE t (a); CREATE TRIGGER users_deleted DELETE ON t BEGIN SELECT 1; END",
                "trigger users_deleted"
            ),
        ])
    func taken(script: String, name: String) throws {
        let file = try StoreFile("CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT); " + script)
        let before = try file.rows("SELECT name, sql FROM sqlite_schema")
        for isDry in [false, true] {
            let error = #expect(throws: StoreError.self) {
                _ = try isDry ? MigrationRunner.pending(path: file.path) : MigrationRunner.migrate(path: file.path)
            }
            #expect(error?.description.contains("\(name) isn't of stripe-customers: rename it") == true)
        }
        #expect(try file.rows("SELECT name, sql FROM sqlite_schema") == before)
    }

    @Test("A table of the host's may have the name of a trigger")
    func otherNames() throws {
        let file = try StoreFile("CREATE TABLE users_deleted (a)")
        #expect(try MigrationRunner.migrate(path: file.path) == names)
    }
}
