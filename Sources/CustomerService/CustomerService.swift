package import AccessPolicy
package import CustomerStore
package import Environment
package import Stripe

/// The service behind the methods: users here, customers at Stripe, and what keeps them in step.
package struct CustomerService: Sendable {
    let store: CustomerStore
    let stripe: StripeClient
    let clock: any WallClock
    let identifiers: any Identifiers
    let log: Log
    let sync: CustomerSync
    let version: String
    /// The connected account that the process acts for.
    let account: String?
    let isLive: Bool
    let startedAt: Milliseconds
    let metrics: CallMetrics
    let discovery: Discovery
    /// Who may call what; `nil`: the host has every right.
    package var policy: AccessPolicy?
    /// With which Stripe signs what it delivers to the host's webhook endpoint; several during a rotation.
    package var webhookSecrets: [String] = []
    /// `email`, `name`, `phone`: edits of these that are made at Stripe go into the user's row.
    package var stripeWins: [String] = []

    package init(
        store: CustomerStore, stripe: StripeClient, clock: any WallClock, identifiers: any Identifiers, log: Log,
        version: String, account: String? = nil, isLive: Bool = false,
        metrics: CallMetrics = CallMetrics()
    ) {
        self.metrics = metrics
        self.version = version
        discovery = Discovery(version: version)
        self.account = account
        self.isLive = isLive
        startedAt = clock.steady()
        self.store = store
        self.stripe = stripe
        self.clock = clock
        self.identifiers = identifiers
        self.log = log
        sync = CustomerSync(store: store, stripe: stripe, clock: clock, identifiers: identifiers, log: log)
    }

    /// What carries out the queue in the background.
    package func worker() -> SyncWorker { SyncWorker(sync: sync, store: store, clock: clock, log: log) }
}
