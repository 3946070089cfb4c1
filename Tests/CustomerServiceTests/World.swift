import CustomerService
import CustomerStore
import Environment
import HTTP
import Interface
import JSON
import SQLite
import SQLiteStore
import Stripe
import TestSupport
import Testing

/// A service with a database file of its own, over real sockets to a faulty Stripe. Time passes only where somebody
/// sleeps on the clock, so a day costs nothing.
final class World: Sendable {
    let directory: TemporaryDirectory
    let clock: any WallClock
    let stripe: FaultyStripe
    let store: CustomerStore
    let service: CustomerService
    let worker: SyncWorker
    /// How long a request may take, in milliseconds of real time.
    private let timeout: Int
    private let wins: [String]
    private let app: String?
    /// Stands still: a busy machine may take longer over a test than a silent process counts as living.
    private let watchClock = FixedClock()

    convenience init(
        clock: any WallClock = FixedClock(), options: FaultyStripe.Options = .init(), timeout: Int = 10_000,
        wins: [String] = [], app: String? = nil, log: Log = .none,
        plan: @escaping FaultyStripe.Plan = { _ in nil }
    ) async throws {
        let stripe = try FaultyStripe(clock: clock, options: options, plan: plan)
        try await self.init(
            directory: TemporaryDirectory(), clock: clock, stripe: stripe, timeout: timeout, wins: wins, app: app,
            log: log)
    }

    private init(
        directory: TemporaryDirectory, clock: any WallClock, stripe: FaultyStripe, timeout: Int, wins: [String],
        app: String?, log: Log = .none
    ) async throws {
        self.timeout = timeout
        self.app = app
        self.wins = wins
        self.directory = directory
        self.clock = clock
        self.stripe = stripe
        store = try CustomerStore(path: directory.file("test.sqlite"), watch: ProcessWatch(clock: watchClock))
        _ = try await store.bind(toApp: app)
        try await store.renewLeases()
        let client = StripeClient(
            configuration: StripeConfiguration(apiBase: stripe.url, apiKey: "sk_test_world", requestsPerSecond: 0),
            exchange: CurlExchange(configuration: HTTPConfiguration(totalTimeout: timeout)), clock: clock,
            identifiers: RandomIdentifiers(), log: .none)
        var service = CustomerService(
            store: store, stripe: client, clock: clock, identifiers: RandomIdentifiers(), log: log, version: "test")
        service.stripeWins = wins
        service.webhookSecrets = [WebhookBench.secret]
        self.service = service
        worker = service.worker()
    }

    /// Another process on the same database.
    /// - Parameter app: `nil` for the same as this one was started with.
    func neighbour(app: String? = nil) async throws -> World {
        try await World(
            directory: directory, clock: clock, stripe: stripe, timeout: timeout, wins: wins, app: app ?? self.app)
    }

    /// An application with a database of its own on the same Stripe account, or this one after it lost its own.
    func onSameAccount(app: String?) async throws -> World {
        try await World(
            directory: TemporaryDirectory(), clock: clock, stripe: stripe, timeout: timeout, wins: wins, app: app)
    }

    /// A successor of this process, which was killed: its leases have run out.
    func afterKill() async throws -> World {
        // What is still on its way in this one meets a fallen fence.
        await watchClock.sleep(CustomerStore.leaseDuration)
        try sql("DELETE FROM processes")
        return try await neighbour()
    }

    // MARK: What a host does

    @discardableResult
    func call(_ name: String, _ params: JSONObject, key: String? = nil) async throws(ServiceError) -> JSONValue {
        guard let method = service.methods.first(where: { $0.name == name }) else {
            throw ServiceError(.internalError, "no method \(name)")
        }
        return try await method.call(Call(params, meta: CallMeta(idempotencyKey: key)))
    }

    /// Writes to the database as another program does.
    @discardableResult
    func sql(_ statement: String, _ arguments: [SQLiteValue] = []) throws -> [Row] {
        var connection = try Connection(path: directory.file("test.sqlite"), busyTimeout: 10_000)
        return try connection.query(statement, arguments)
    }

    /// Lets the queue drain, however often Stripe fails meanwhile.
    func settle() async throws {
        for _ in 0..<60 {
            await worker.drain()
            if try await store.queueStatus().pending == 0 { return }
            await clock.sleep(61_000)
        }
        Issue.record("the queue does not drain: \(try await store.queuedChanges(of: nil, limit: 10))")
    }

    // MARK: What must hold

    func user(_ id: String) async throws -> User { try #require(try await store.user(id)) }

    func isUser(_ id: String) async throws -> Bool { try await store.user(id) != nil }

    func customer(of id: String) async throws -> JSONObject {
        let customerId = try #require(try await user(id).customerId)
        return try await stripe.direct(.get, "/v1/customers/" + customerId)
    }

    /// One live customer for each of these users, in line with it; none for those that are gone; nothing left to do.
    func expectPromises(
        users: [String], gone: [String] = [], _ context: String = "", location: SourceLocation = #_sourceLocation
    ) async throws {
        let live = try await stripe.liveCustomers()
        for id in users {
            let user = try await store.user(id)
            let customers = live[id] ?? []
            #expect(customers.count == 1, "live customers of \(id); \(context)", sourceLocation: location)
            guard let customer = customers.first else { continue }
            #expect(
                customer["id"]?.string == user?.customerId, "the link of \(id); \(context)", sourceLocation: location)
            for (name, value) in [("email", user?.email), ("name", user?.name), ("phone", user?.phone)] {
                #expect(
                    customer[name]?.string == value, "\(name) of \(id); \(context)", sourceLocation: location)
            }
        }
        for id in gone {
            #expect(try await !isUser(id), "\(id) is gone; \(context)", sourceLocation: location)
            #expect(live[id] == nil, "no customer of \(id) is left; \(context)", sourceLocation: location)
        }
        let queue = try await store.queueStatus()
        #expect(queue.pending + queue.parked == 0, "left in the queue; \(context)", sourceLocation: location)
        #expect(queue.intents == 0, "intents left; \(context)", sourceLocation: location)
        #expect(stripe.watch.violations == [], "\(context)", sourceLocation: location)
    }
}

/// The error of a call that has to fail.
func errorOf<Value>(
    isolation: isolated (any Actor)? = #isolation, _ call: () async throws(ServiceError) -> Value
) async -> ServiceError? {
    do throws(ServiceError) {
        _ = try await call()
        return nil
    } catch {
        return error
    }
}
