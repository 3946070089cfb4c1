import Glibc

/// What a run is like, by the environment:
///
/// - `CHAOS_SECONDS` (20) and `CHAOS_SEED` (random; it is printed). The seed decides what the actors do, not what the
///   operating system schedules.
/// - `CHAOS_OFF=kills,sql` leaves actors out, `CHAOS_ON=stranger` adds some; `all` stands for all.
/// - `CHAOS_UNNAMED=1` or `0`: whether the application has no name beside its named neighbour (by the seed).
/// - `CHAOS_LOG=debug`: the processes' log level; the logs lie in the run's folder.
/// - `STRIPE_CUSTOMERS_BINARY=.build/release/stripe-customers` takes another build.
struct ChaosSettings: Sendable {
    /// Who disturbs. One at a time can be left out, so that a fault can be narrowed down.
    enum Actor: String, CaseIterable, Sendable {
        /// One request in five fails as a network or Stripe's servers do.
        case outages
        /// A process is killed every 50 to 400 ms.
        case kills
        /// A process is stopped for longer than its leases live, and goes on.
        case stops
        /// Times in the database are put ahead and back, as a clock's steps leave them.
        case clockSteps
        /// Key, account, address or proxy are wrong for some seconds.
        case operatorFaults
        /// Answers lack members or are about something else.
        case oddAnswers
        /// Another application on the same Stripe account, with the same ids and addresses.
        case neighbour
        /// A program that writes customers of the same user ids, straight at Stripe.
        case stranger
        /// An id that is free again goes to another person; users are deleted in every way, and erased.
        case reuse
        /// The host's other programs write to the users table.
        case sql
        /// An ORM writes back a row as it was read before the link.
        case staleSaves
        /// The host's own rule refuses rows for a while.
        case refusals
        /// Stripe refuses phone numbers, which are put right later.
        case refusedPhones
        /// Every event comes to every application, some lacking members, some late, some twice.
        case webhooks
    }

    /// What the program stands today.
    /// `reuse` and `staleSaves` wait for links that hang on a life of a user.
    static let usual = Set(Actor.allCases).subtracting([.reuse, .staleSaves])

    var seconds = 20
    var seed = UInt64.random(in: 0...UInt64(UInt32.max))
    var actors = Self.usual
    var isUnnamed: Bool
    var logLevel = "error"

    init() {
        if let text = Self.variable("CHAOS_SECONDS"), let value = Int(text) { seconds = value }
        if let text = Self.variable("CHAOS_SEED"), let value = UInt64(text) { seed = value }
        actors.formUnion(Self.actors("CHAOS_ON"))
        actors.subtract(Self.actors("CHAOS_OFF"))
        isUnnamed = Self.variable("CHAOS_UNNAMED").map { $0 == "1" } ?? seed.isMultiple(of: 2)
        if let text = Self.variable("CHAOS_LOG") { logLevel = text }
    }

    func has(_ actor: Actor) -> Bool { actors.contains(actor) }

    /// - Parameter salt: another sequence for each who draws.
    func random(_ salt: Int) -> SplitMix { SplitMix(seed: seed &+ UInt64(salt)) }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    private static func actors(_ name: String) -> [Actor] {
        (variable(name) ?? "").split(separator: ",").flatMap {
            $0 == "all" ? Actor.allCases : [Actor(rawValue: String($0))].compactMap(\.self)
        }
    }
}

struct SplitMix: RandomNumberGenerator, Sendable {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func isOne(in count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }
}
