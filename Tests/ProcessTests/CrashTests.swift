import Glibc
import JSON
import SQLite
import Synchronization
import TestSupport
import Testing

/// Not random: the process is killed at each request to Stripe, before it is carried out and before it is answered, and
/// at moments in between. A successor ends in the same state.
@Suite("A kill at every step")
struct CrashTests {
    enum Operation: String, CaseIterable, Sendable {
        case ensure, update, deleteAndArchive, deleteBoth, deleteCustomer

        /// Requests that it makes.
        var steps: Int {
            switch self {
            case .ensure: 2
            case .update, .deleteAndArchive: 1
            case .deleteBoth, .deleteCustomer: 3
            }
        }

        var line: String {
            switch self {
            case .ensure: request(1, "ensureCustomerExists", ["userId": "u1"])
            case .update: request(1, "updateUser", ["userId": "u1", "email": "ada@lovelace.example", "name": "A. L."])
            case .deleteAndArchive: request(1, "deleteUser", ["userId": "u1"])
            case .deleteBoth: request(1, "deleteUser", ["userId": "u1", "customer": "delete"])
            case .deleteCustomer: request(1, "deleteCustomer", ["customerId": "cus_of_u1"])
            }
        }
    }

    enum Moment: Sendable, CustomStringConvertible {
        case request(Int, FaultyStripe.Stage)
        /// So long after the line was written.
        case microseconds(Int)

        var description: String {
            switch self {
            case .request(let number, let stage): "request \(number) \(stage)"
            case .microseconds(let time): "after \(time) µs"
            }
        }
    }

    @Test("Killed, restarted, the same end", arguments: Operation.allCases)
    func killed(operation: Operation) async throws {
        var moments = (1...operation.steps).flatMap { number in
            [FaultyStripe.Stage.received, .executed].map { Moment.request(number, $0) }
        }
        // A few points in between; CRASH_POINTS asks for more.
        let points = getenv("CRASH_POINTS").flatMap { Int(String(cString: $0)) } ?? 4
        moments += (0..<points).map { .microseconds($0 * $0 * 10_000 / max(points * points, 1)) }
        // At once, for a killed process's leases live on for some seconds.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, moment) in moments.enumerated() {
                if index >= 10 { try await group.next() }
                group.addTask { try await killed(operation, at: moment) }
            }
            try await group.waitForAll()
        }
    }

    private func killed(_ operation: Operation, at moment: Moment) async throws {
        let directory = try TemporaryDirectory()
        let host = FaultyHost(database: directory.file("test.sqlite"), stripe: try FaultyStripe())
        let customerId = try await prepare(operation, host)
        host.stripe.script { _ in nil }

        let process = try host.spawn()
        try await process.write(request(0, "ping", [:]))
        _ = try await process.readLine()
        if case .request(let number, let fatal) = moment {
            host.stripe.observe { request, stage in
                guard request.number == number, stage == fatal else { return true }
                process.kill(SIGKILL)
                return false
            }
        }
        var line = operation.line
        if let customerId { line.replace("cus_of_u1", with: customerId) }
        try await process.write(line)
        var isAnswered = false
        if case .microseconds(let time) = moment {
            try await Task.sleep(for: .microseconds(time))
            process.kill(SIGKILL)
        }
        let output = try await process.readAll()
        isAnswered = !output.isEmpty
        // A change that has waited for Stripe for five seconds, on a busy machine, is answered without it.
        let isPending = output.first?.contains(#""state":"pending""#) == true
        if case .request = moment { #expect(!isAnswered || isPending, "\(operation) \(moment)") }
        _ = try await process.wait()
        host.stripe.observe { _, _ in true }

        // What was not acknowledged the host tries again; what was must come by itself.
        let second = isAnswered ? [] : [line]
        try await host.run(second)
        for _ in 0..<20 where try host.backlog() > 0 { try await host.run([]) }
        #expect(try host.backlog() == 0, "\(operation) \(moment)")
        try await verify(operation, host, "\(operation) \(moment)")
    }

    private func prepare(_ operation: Operation, _ host: FaultyHost) async throws -> String? {
        let register = request(1, "registerUser", ["userId": "u1", "email": "ada@example.com", "name": "Ada"])
        if operation != .ensure {
            let answers = try await host.run([register])
            // The answer may have come before the customer; the process has not ended before it.
            let user = try host.sql("SELECT stripe_customer_id FROM users").first
            return try #require(user?.text(0), "\(answers)")
        }
        // A user whose customer nobody has asked for yet.
        try await host.run([])
        try host.sql("INSERT INTO users (id, email, name) VALUES ('u1', 'ada@example.com', 'Ada')")
        try host.sql("DELETE FROM sync_queue")
        return nil
    }

    private func verify(_ operation: Operation, _ host: FaultyHost, _ context: String) async throws {
        let live = try await host.stripe.liveCustomers()["u1"] ?? []
        let users = try host.sql("SELECT email, name, stripe_customer_id FROM users")
        #expect(host.stripe.watch.violations == [], "\(context)")
        switch operation {
        case .ensure, .update:
            #expect(users.count == 1 && live.count == 1, "\(context)")
            guard let user = users.first, let customer = live.first else { return }
            #expect(customer["id"]?.string == user.text(2), "\(context)")
            #expect(customer["email"]?.string == user.text(0), "\(context)")
            #expect(customer["name"]?.string == user.text(1), "\(context)")
            #expect(user.text(1) == (operation == .update ? "A. L." : "Ada"), "\(context)")
            #expect(host.stripe.watch.figures.created == 1, "\(context)")
        case .deleteAndArchive, .deleteBoth:
            #expect(users.isEmpty && live.isEmpty, "\(context)")
            let left = try await host.stripe.customers().count
            #expect(left == (operation == .deleteBoth ? 0 : 1), "\(context)")
        case .deleteCustomer:
            #expect(try await host.stripe.customers().isEmpty, "\(context)")
            #expect(users.first?.text(2) == nil, "\(context)")
        }
    }
}
