import JSON
import Synchronization
import TestSupport

/// Looks at every request that reaches the stand-in for Stripe: what must never be sent, whatever the hosts and the
/// machine do.
///
/// - Nobody writes to a customer of another application, or of a stranger.
/// - A value goes only to the customer of the life that it was given to.
/// - What is sent of one field of one customer never gets older: no process sends what it knew before it was stopped.
/// - After an erasure nothing of that life is sent.
/// - No create goes out under a key past its age.
///
/// That no two mutations of one customer overlap, and that no key stands for two requests, `FaultWatch` sees.
final class StandInWatch: Sendable {
    struct Violation: Sendable {
        var person: String?
        var text: String
    }

    private enum Owner: Sendable, Equatable {
        case life(Life)
        case stranger
    }

    private struct State {
        var owners: [String: Owner] = [:]
        /// The last serial that each field of each customer got.
        var latest: [String: [String: Int]] = [:]
        var erased: Set<Life> = []
        /// Keys of creates that a step of the clock made too old, and when.
        var aged: [String: ContinuousClock.Instant] = [:]
        var violations: [Violation] = []
        var told: Set<String> = []
    }

    private let state = Mutex(State())
    private let history: History
    private let values: Values

    /// A call's retries go on for so long after its claim, those of the look-ups before it too, and its process may have been
    /// stopped meanwhile; then only a new claim can have sent a key.
    private static let retriesLast = Duration.seconds(120)

    init(history: History, values: Values) {
        self.history = history
        self.values = values
    }

    var violations: [Violation] { state.withLock { $0.violations } }

    func report(_ text: String, of person: String?) {
        let isNew = state.withLock { state in
            guard state.told.insert(text).inserted else { return false }
            state.violations.append(Violation(person: person, text: text))
            return true
        }
        if isNew { history.note("!!! " + text, of: person) }
    }

    // MARK: What the actors tell

    func isStrangers(_ customerId: String) { state.withLock { $0.owners[customerId] = .stranger } }

    func isErased(_ life: Life) { _ = state.withLock { $0.erased.insert(life) } }

    func hasAged(_ key: String) { state.withLock { $0.aged[key] = .now } }

    /// The customers that were made for a life.
    func customers(of life: Life) -> [String] {
        state.withLock { $0.owners.filter { $0.value == .life(life) }.map(\.key) }
    }

    /// The life whose customer this is.
    func life(ofCustomer id: String) -> Life? {
        if case .life(let life)? = state.withLock({ $0.owners[id] }) { life } else { nil }
    }

    // MARK: Requests

    /// The life that a request is about, by the customer or by the values in it.
    func life(of request: FaultyStripe.Request) -> Life? {
        request.customerId.flatMap { life(ofCustomer: $0) } ?? stamps(in: request).first?.stamp.life
    }

    func arrived(_ request: FaultyStripe.Request, meeting fault: FaultyStripe.Fault?) {
        let person = person(of: request)
        // The events are everybody's, and asked for so often that nothing else would be found.
        if person != nil || !request.identity.hasPrefix("GET/v1/events") {
            history.note("\(request.told)\(fault.map { " !\($0)" } ?? "")", of: person)
        }
        guard request.route.isMutation else { return }
        let owner = request.customerId.flatMap { id in state.withLock { $0.owners[id] } }
        let what = "\(request.route) \(request.customerId ?? "") by \(request.sender)"
        switch owner {
        case .stranger?: report("\(what): the customer is a stranger's", of: person)
        case .life(let life)? where life.application != request.application:
            report("\(what): the customer is \(life)'s, of another application", of: life.person)
        default: break
        }
        if request.route == .create, let key = request.idempotencyKey,
            let aged = state.withLock({ $0.aged[key] }), ContinuousClock.now - aged > Self.retriesLast
        {
            report("\(what): the key is past its age", of: person)
        }
        check(stamps(in: request), for: owner, what, person)
    }

    private func check(
        _ stamps: [(field: String, stamp: Values.Stamp)], for owner: Owner?, _ what: String, _ person: String?
    ) {
        var expected: Life? = if case .life(let life)? = owner { life } else { nil }
        for (field, stamp) in stamps {
            if let expected, stamp.life != expected {
                report("\(what): \(field) is \(stamp.life)'s, the rest \(expected)'s", of: person)
            }
            expected = expected ?? stamp.life
            if state.withLock({ $0.erased.contains(stamp.life) }) {
                report("\(what): \(field) of \(stamp.life), who is erased", of: person)
            }
        }
    }

    func executed(_ request: FaultyStripe.Request) {
        guard request.route.isMutation, let outcome = request.outcome else { return }
        let person = person(of: request)
        let id = request.customerId ?? outcome.object["id"]?.string
        history.note(
            "    carried out: \(outcome.status)\(outcome.isReplay ? " replayed" : "") \(id ?? "")", of: person)
        guard outcome.status == 200, !outcome.isReplay, let id else { return }
        let stamps = stamps(in: request)
        if request.route == .create, let life = stamps.first?.stamp.life {
            state.withLock { $0.owners[id] = .life(life) }
        }
        for (field, stamp) in stamps {
            let latest = state.withLock { state in
                let latest = state.latest[id]?[field] ?? 0
                state.latest[id, default: [:]][field] = max(latest, stamp.serial)
                return latest
            }
            if stamp.serial < latest {
                report(
                    "\(request.route) \(id) by \(request.sender): \(field) of \(stamp.serial) after that of \(latest)",
                    of: person)
            }
        }
    }

    private func stamps(in request: FaultyStripe.Request) -> [(field: String, stamp: Values.Stamp)] {
        ["name", "email", "phone", "description", "metadata[plan]"].compactMap { field in
            guard let value = request.form[field], let stamp = values.stamp(value, in: request.application) else {
                return nil
            }
            return (field, stamp)
        }
    }

    /// Whose history a request belongs to.
    private func person(of request: FaultyStripe.Request) -> String? {
        if let life = life(of: request) { return life.person }
        if let userId = request.form["metadata[userId]"] { return "\(request.application).\(userId)" }
        if let email = request.query["email"] { return values.stamp(email, in: request.application)?.life.person }
        // metadata["userId"]:"u1_2"
        guard let query = request.query["query"], query.contains("userId") else { return nil }
        let quoted = query.split(separator: query.contains("'u") ? "'" : "\"").first {
            $0.hasPrefix("u") && $0 != "userId"
        }
        return quoted.map { "\(request.application).\($0)" }
    }
}

extension FaultyStripe.Request {
    /// The process: the application, the lane and the number of the start, from the key that it uses.
    fileprivate var sender: String { apiKey.split(separator: "_").dropFirst(2).joined(separator: ".") }
    fileprivate var application: String { apiKey.split(separator: "_").dropFirst(2).first.map(String.init) ?? "" }

    fileprivate var told: String {
        let fields = form.filter { !$0.key.hasPrefix("expand") }.sorted { $0.key < $1.key }
            .map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        let asked = query["email"] ?? query["query"] ?? ""
        let target = route == .other ? String(identity.prefix(60)) : "\(route) \(customerId ?? "")"
        return "\(sender) \(target) \(idempotencyKey.map { "[\($0)] " } ?? "")\(fields)\(asked)"
    }
}
