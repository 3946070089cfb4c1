import Environment

/// What the process was told by its arguments and the environment, validated. The guide has the table (Operating.md).
struct Options: Sendable, Equatable {
    enum Command: Sendable, Equatable {
        case serve
        case migrate(dryRun: Bool)
        case sync(dryRun: Bool)
        case reconcile(fix: Bool)
        case describe
        case client(ClientLanguage)
        case mcp(allowDestructive: Bool)
        case check
        case help
        case version

        /// Whether it speaks with a host until that is done.
        var isSession: Bool {
            switch self {
            case .serve, .mcp: true
            default: false
            }
        }
    }

    var command = Command.serve
    /// A path, or `:memory:`.
    var database = "stripe-customers.sqlite"
    var sandbox = false
    var deterministic = false
    var ordered = false
    /// Without a slash at the end.
    var apiBase = "https://api.stripe.com"
    /// `acct_…`
    var account: String?
    /// Of the application that the database and its customers belong to.
    var app: String?
    var apiKeyFile: String?
    /// Each holds one secret, beside those in the environment.
    var webhookSecretFiles: [String] = []
    /// The certificates by which Stripe is trusted; `nil` for those of `SSL_CERT_FILE`, else the system's.
    var certificateAuthorityFile: String?
    /// Without one the host has every right.
    var policyFile: String?
    /// Stripe calls a second, 0 for no limit; `nil` for the default of the key's mode.
    var rateLimit: Int?
    /// `email`, `name`, `phone`: edits of these that are made at Stripe go into the user's row.
    var stripeWins: [String] = []
    /// Seconds from one look at Stripe's events to the next; `nil` for none.
    var pollInterval: Int?
    var maxInFlight = 64
    /// For how many days a host's idempotency keys are remembered.
    var keepKeys = 30
    var logLevel = Log.Level.info
}
