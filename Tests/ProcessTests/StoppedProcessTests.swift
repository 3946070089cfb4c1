import Glibc
import JSON
import SQLite
import Synchronization
import TestSupport
import Testing

/// A process that is stopped in the midst of its work, and goes on when another one has done it.
@Suite("A stopped process")
struct StoppedProcessTests {
    private let directory: TemporaryDirectory
    private let host: FaultyHost

    init() throws {
        directory = try TemporaryDirectory()
        host = FaultyHost(database: directory.file("test.sqlite"), stripe: try FaultyStripe())
    }

    /// What the sleeper asks for; what it asks Stripe last before its change, and the change that is not to be sent.
    enum Work: String, CaseIterable, Sendable {
        case create, update

        var lastQuestion: FaultyStripe.Route { self == .create ? .list : .retrieve }
        var change: FaultyStripe.Route { self == .create ? .create : .update }
    }

    @Test(
        "What it had not sent when its lease ran out it never sends; its successor does it once",
        arguments: Work.allCases)
    func stopped(work: Work) async throws {
        let changes = Atomic(0)
        try await prepare(work)
        let line = request(1, "ensureCustomerExists", ["userId": "u1", "verify": true])
        let sleeper = try host.spawn()
        try await sleeper.write(request(0, "ping", [:]))
        _ = try await sleeper.readLine()
        let isFirst = Atomic(true)
        let isAsleep = Atomic(false)
        host.stripe.observe { request, stage in
            if request.route == work.change, stage == .received {
                changes.add(1, ordering: .relaxed)
            }
            if request.route == work.lastQuestion, stage == .executed,
                isFirst.exchange(false, ordering: .relaxed)
            {
                stop(sleeper)
                isAsleep.store(true, ordering: .relaxed)
            }
            return true
        }
        try await sleeper.write(line)
        try await until("the process sleeps") { isAsleep.load(ordering: .relaxed) }

        let successor = try host.spawn()
        try await successor.write(line)
        let answer = try await successor.readLine(timeout: .seconds(30))
        #expect(answer?.contains(#""result""#) == true, "\(answer ?? "")")
        #expect(changes.load(ordering: .relaxed) == 1)
        sleeper.kill(SIGCONT)
        _ = try await sleeper.readLine(timeout: .seconds(60))
        sleeper.closeInput()
        #expect(try await sleeper.wait(timeout: .seconds(60)) == .exited(0))
        successor.closeInput()
        #expect(try await successor.wait(timeout: .seconds(60)) == .exited(0))
        #expect(changes.load(ordering: .relaxed) == 1)
        #expect(host.stripe.watch.violations == [])
        #expect(try host.backlog() == 0)
    }

    /// Stops the process while it writes nothing: the database's own lock is the one thing that a stopped process keeps.
    private func stop(_ process: Subprocess) {
        guard var connection = try? Connection(path: host.database, busyTimeout: 20_000),
            (try? connection.execute("BEGIN IMMEDIATE")) != nil
        else {
            Issue.record("the database is locked")
            return
        }
        process.kill(SIGSTOP)
        while !String(decoding: contents(of: "/proc/\(process.processID)/status"), as: UTF8.self).contains(
            "T (stopped)")
        {
            usleep(1_000)
        }
        try? connection.execute("ROLLBACK")
    }

    /// A user who has no customer yet, or whose customer has an old name; nothing of it in the queue.
    private func prepare(_ work: Work) async throws {
        let isUpdate = work == .update
        let user: JSONObject = ["userId": "u1", "email": "ada@example.com", "name": "Old"]
        try await host.run(isUpdate ? [request(1, "registerUser", user)] : [])
        try host.sql(
            isUpdate
                ? "UPDATE users SET name = 'New'" : "INSERT INTO users (id, email) VALUES ('u1', 'ada@example.com')")
        try host.sql("DELETE FROM sync_queue")
    }
}
