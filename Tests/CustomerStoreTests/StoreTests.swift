import Foundation
import SQLite
import Synchronization
import TestSupport
import Testing

@testable import CustomerStore
@testable import SQLiteStore
@testable import StoreSQL

@Suite("The store")
struct StoreTests {
    @Test("Writes that wait for one another share a commit, and one that fails does not fail the others")
    func groupCommit() async throws {
        let file = try StoreFile()
        let store = try file.store()
        try await store.add("taken", email: "taken@example.com")
        let before = try commits(file)
        // Whatever comes while this one runs has to wait.
        let (begun, coming, gate) = (Gate(), Coming(), Gate())
        async let slow: Void = store.write { _ throws(StoreError) in
            begun.open()
            gate.wait()
        }
        try await until("the slow write") { begun.isOpen }
        async let release: Void = {
            try await until("fifty writes") { coming.count.load(ordering: .relaxed) == 50 }
            // What is left is a step from the count to the queue.
            try await Task.sleep(for: .milliseconds(300))
            gate.open()
        }()
        let failures = await withTaskGroup(of: StoreError?.self) { group in
            for number in 1...50 {
                group.addTask {
                    let id = number == 25 ? "taken" : "user \(number)"
                    coming.count.add(1, ordering: .relaxed)
                    do throws(StoreError) { try await store.add(id, email: "\(number)@example.com") } catch {
                        return error
                    }
                    return nil
                }
            }
            return await group.reduce(into: [StoreError]()) { failures, error in if let error { failures.append(error) }
            }
        }
        try await release
        try await slow
        guard failures.count == 1, case .userExists(let userId, let sameEmail) = failures[0] else {
            Issue.record("\(failures)")
            return
        }
        #expect(userId == "taken" && !sameEmail)
        #expect(try file.rows("SELECT count(*) FROM users") == ["50"])
        #expect(try commits(file) - before <= 5)
        await store.close()
    }

    @Test("Later work fails once it is closed")
    func closed() async throws {
        let file = try StoreFile()
        let store = try file.store()
        await store.close()
        let error = await #expect(throws: StoreError.self) { try await store.user("a") }
        guard case .closed = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("While another program holds the lock reads are answered, also behind a write, which waits and is made")
    func lockedByAnother() async throws {
        let file = try StoreFile()
        let store = try file.store()
        try await store.add("a", email: "a@example.com")
        var other = try Connection(path: file.path)
        try other.execute("BEGIN IMMEDIATE")
        let (begun, made) = (Gate(), Gate())
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                begun.open()
                try await store.add("b", email: "b@example.com")
                made.open()
            }
            try await until("the write") { begun.isOpen }
            try await Task.sleep(for: .milliseconds(200))
            for _ in 0..<20 { #expect(try await store.user("a")?.email == "a@example.com") }
            #expect(!made.isOpen)
            try other.execute("COMMIT")
            try await group.waitForAll()
        }
        #expect(try await store.user("b") != nil)
        await store.close()
    }

    @Test("The database and its log are the owner's alone")
    func mode() async throws {
        let file = try StoreFile()
        let store = try file.store()
        try await store.add("a", email: "a@example.com")
        for suffix in ["", "-wal", "-shm"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: file.path + suffix)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(suffix)")
        }
        await store.close()
    }

    @Test("It belongs to the account that it was first used with")
    func binding() async throws {
        let file = try StoreFile()
        let store = try file.store()
        try await store.bind(to: "test mode")
        try await store.bind(to: "test mode")
        let error = await #expect(throws: StoreError.self) { try await store.bind(to: "live mode") }
        #expect(error?.description == "The database belongs to test mode; the key given is for live mode")
        await store.close()
    }

    @Test("A customer is given to a user once: a second user is refused")
    func taken() async throws {
        let file = try StoreFile()
        let store = try file.store()
        try await store.add("a", email: "a@example.com")
        try await store.add("b", email: "b@example.com")
        _ = try await store.linkExisting("cus_1", to: "a", at: someTime)
        let error = await #expect(throws: StoreError.self) {
            try await store.linkExisting("cus_1", to: "b", at: someTime)
        }
        guard case .customerTaken(let customerId, let userId) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(customerId == "cus_1" && userId == "a")
        await store.close()
    }

    @Test("Ids are compared to the code point: a composed and a decomposed letter are two users")
    func codePoints() async throws {
        let file = try StoreFile()
        let store = try file.store()
        try await store.add("\u{E9}", email: "a@example.com")
        try await store.add("e\u{301}", email: "b@example.com")
        #expect(try await store.user("\u{E9}")?.email == "a@example.com")
        #expect(try await store.user("e\u{301}")?.email == "b@example.com")
        await store.close()
    }

    @Test("Addresses are compared to their end, beyond a NUL too, through the index")
    func addressesWithNUL() async throws {
        let file = try StoreFile()
        let store = try file.store()
        try file.execute(
            """
            INSERT INTO users (id, email) VALUES
                ('a', 'x' || char(0) || '@a.example'), ('b', 'x' || char(0) || '@b.example'),
                ('c', 'X' || char(0) || '@B.example');
            """)
        #expect(try await store.user(email: "x\0@a.example")?.id == "a")
        #expect(try await store.user(email: "x\0@b.example")?.id == "b")
        #expect(try await store.user(email: "X\0@B.example")?.id == "c")
        #expect(try await store.user(email: "X\0@A.EXAMPLE")?.id == "a")
        #expect(try await store.user(email: "x\0@c.example") == nil)
        try await store.add("d", email: "x\0@d.example")
        await #expect(throws: StoreError.self) { try await store.add("e", email: "X\0@D.example") }
        let plan = try file.rows(
            "EXPLAIN QUERY PLAN SELECT id FROM users WHERE " + SQLiteTransaction.mayHaveAddress("'a@example.com'"))
        #expect(plan.count == 1 && plan[0].contains("users_email_nocase"), "\(plan)")
        await store.close()
    }

    @Test("What each registration asks for is found by an index, however many users there are")
    func plans() async throws {
        let file = try StoreFile()
        let store = try file.store()
        for text in [hasID, situationText, standingText, rivalsText(SQLiteTransaction.mayHaveAddress("$2"))] {
            let query = text == hasID ? "SELECT 1 FROM users WHERE " + text : text
            let plan = try file.rows(
                "EXPLAIN QUERY PLAN "
                    + query.replacingOccurrences(of: "$1", with: "'u1'").replacingOccurrences(of: "$2", with: "'u1'"))
            // A row of constants that the others are joined to is no table.
            let scans = plan.filter {
                $0.contains("SCAN") && !$0.contains("CONSTANT ROW") && !$0.contains("SCAN start")
            }
            #expect(scans.isEmpty, "\(plan)")
            #expect(plan.contains { $0.contains("SEARCH") }, "\(plan)")
        }
        await store.close()
    }

    @Test("No error text holds what a user told")
    func personalData() async throws {
        let file = try StoreFile(
            "CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT UNIQUE CHECK (length(email) > 9), name TEXT UNIQUE)")
        let store = try file.store()
        let email = "ada.lovelace@example.com"
        _ = try await store.insertUser(User(id: "a", email: email, name: "Ada L."), at: someTime, draft: { _ in nil })
        var errors: [StoreError] = []
        for user in [
            User(id: "a", email: "x@example.com"), User(id: "b", email: email.uppercased()),
            User(id: "b", email: "b@example.com", name: "Ada L."), User(id: "b", email: "Lovelace"),
        ] {
            do throws(StoreError) {
                _ = try await store.insertUser(user, at: someTime, draft: { _ in nil })
            } catch {
                errors.append(error)
            }
        }
        #expect(errors.count == 4)
        for error in errors {
            #expect(!error.description.contains("@") && !error.description.lowercased().contains("lovelace"))
            #expect(!error.description.contains("Ada"))
        }
        await store.close()
    }

    /// Commits in the write-ahead log: a frame's header has the size of the database where a commit ends, else 0
    /// (https://sqlite.org/fileformat2.html#walformat).
    private func commits(_ file: StoreFile) throws -> Int {
        let log = [UInt8](try Data(contentsOf: URL(filePath: file.path + "-wal")))
        let pageBytes = Int(log[8]) << 24 | Int(log[9]) << 16 | Int(log[10]) << 8 | Int(log[11])
        return stride(from: 32, to: log.count, by: 24 + pageBytes).filter { log[$0 + 4..<$0 + 8] != [0, 0, 0, 0] }.count
    }
}

private final class Coming: Sendable { let count = Atomic(0) }
