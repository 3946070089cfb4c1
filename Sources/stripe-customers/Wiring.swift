import AccessPolicy
import CustomerService
import CustomerStore
import Environment
import HTTP
import JSON
import Sandbox
import Server
import Stripe

/// The parts of a service, chosen by the options: the one place that knows all of them.
struct Wiring: Sendable {
    let service: CustomerService
    let worker: SyncWorker
    let store: CustomerStore
    private let pollInterval: Milliseconds?
    private let keys: KeyMemory

    init(
        _ options: Options, environment: [String: String], clock: any WallClock, identifiers: any Identifiers, log: Log
    ) async throws(StartFailure) {
        let policy = try PolicyFile(options)
        let auditKey = try auditKey(options, environment: environment)
        let webhookSecrets = try WebhookSecrets(options, environment: environment)
        let stripe = try StripeSide(options, environment: environment, clock: clock, identifiers: identifiers)
        do throws(StoreError) {
            let database = Database(path: options.database)
            try database.inspect(
                account: stripe.accountName, keyOwner: stripe.keyOwner, app: options.app, auditKey: auditKey)
            store = try database.open(clock: clock, auditKey: auditKey)
            try await store.bind(to: stripe.accountName, keyOwner: stripe.keyOwner)
            if try await store.bind(toApp: options.app), let app = options.app {
                log(.info, "app.named", ["app": .string(app)])
            }
            try await store.renewLeases()
        } catch {
            throw StartFailure(error)
        }
        var service = CustomerService(
            store: store,
            stripe: StripeClient(
                configuration: stripe.configuration, exchange: stripe.exchange, clock: clock, identifiers: identifiers,
                log: log),
            clock: clock, identifiers: identifiers, log: log, version: version, account: options.account,
            isLive: stripe.configuration.isLive, metrics: options.deterministic ? CallMetrics { 0 } : CallMetrics())
        service.webhookSecrets = webhookSecrets.values
        service.stripeWins = options.stripeWins
        service.policy = policy?.policy
        self.service = service
        pollInterval = options.pollInterval.map { Milliseconds($0) * 1000 }
        keys = KeyMemory(store: store, clock: clock, log: log, days: options.keepKeys)
        worker = service.worker()
        do throws(StoreError) {
            try await service.tellForeignAuditParts()
            try await service.tellDoubtfulTimes()
            if let policy {
                try await service.recordPolicyLoad(digest: policy.digest, roles: policy.policy.roleCount)
                log(.info, "policy.loaded", ["sha256": .string(policy.digest)])
            }
        } catch {
            throw StartFailure(error)
        }
        worker.tellRestoredParts()
        FilePermissions(options).warn(log)
        webhookSecrets.warn(log)
    }

    /// The number of this session among the deterministic ones on its database.
    func deterministicSession() async throws(StartFailure) -> Int {
        do throws(StoreError) { return try await store.beginDeterministicSession() } catch { throw StartFailure(error) }
    }

    /// Starts the work behind the requests. A deterministic session has none: its queue is drained after each request.
    func startBackgroundWork(deterministic: Bool) -> ServerHooks {
        let (worker, store, keys) = (worker, store, keys)
        let leases = Task { await worker.keepLeases() }
        let poller = pollInterval.map { EventPoller(service: service, interval: $0) }
        let polling = Task { await poller?.run() }
        let forgetting = Task { if !deterministic { await keys.run() } }
        if !deterministic { Task { await worker.run() } }
        var hooks = ServerHooks(drain: { () async -> Void in
            worker.stop()
            polling.cancel()
            forgetting.cancel()
            await polling.value
            await forgetting.value
            await worker.drain()
            leases.cancel()
            // What is not given back expires by itself.
            _ = try? await store.releaseLeases()
            await store.close()
        })
        if deterministic { hooks.afterEach = { () async -> Void in await worker.drain() } }
        return hooks
    }
}

/// Which Stripe is called, and how.
struct StripeSide: Sendable {
    let exchange: any HTTPExchange
    let configuration: StripeConfiguration
    /// What a database is bound to.
    let accountName: String
    private(set) var keyOwner: String?

    init(
        _ options: Options, environment: [String: String], clock: any WallClock, identifiers: any Identifiers
    ) throws(StartFailure) {
        var configuration = StripeConfiguration(
            apiBase: options.apiBase, apiKey: "sk_test_sandbox", account: options.account,
            requestsPerSecond: options.rateLimit.map(Double.init))
        if options.sandbox {
            try SecretKey.refuseLive(besideSandbox: options, environment)
            if options.rateLimit == nil { configuration.requestsPerSecond = 0 }
            let path = options.database == ":memory:" ? options.database : options.database + ".sandbox"
            do { exchange = try SandboxExchange(path: path, clock: clock, identifiers: identifiers) } catch {
                let reason = openingFault(path) ?? error.message
                throw StartFailure(.inputOutput, "can't open the sandbox's state \(path): \(reason)")
            }
        } else {
            let key = try SecretKey(options, environment: environment)
            configuration.apiKey = key.value
            configuration.keySource = key.source
            keyOwner = key.account
            // Where only HTTP/1.1 is spoken, calls that share no key would otherwise wait for each other's connections.
            exchange = CurlExchange(
                configuration: HTTPConfiguration(
                    maximumConnections: max(8, options.maxInFlight), userAgent: "stripe-customers/\(version)",
                    certificateAuthorities: try certificateAuthorities(options, environment: environment)))
        }
        accountName = Self.accountName(options, isLive: options.sandbox ? nil : configuration.isLive)
        self.configuration = configuration
    }

    /// - Parameter isLive: the mode of the key; `nil` in the sandbox.
    static func accountName(_ options: Options, isLive: Bool?) -> String {
        let mode = isLive.map { $0 ? "live mode" : "test mode" } ?? StoreError.sandbox
        return mode + (options.account.map { ", account \($0)" } ?? "")
    }
}

extension StartFailure {
    init(_ error: StoreError) {
        switch error {
        case .wrongAccount, .otherApp, .newerDatabase, .changedMigration, .usersTableUnfit, .nameTaken, .auditFile,
            .otherAuditKey:
            self.init(.configuration, error)
        default:
            self.init(.inputOutput, error)
        }
    }

    private init(_ code: ExitCode, _ error: StoreError) {
        guard let remedy = error.remedy else {
            self.init(code, error.description)
            return
        }
        self.init(code, error.description, remedy: remedy)
    }
}
