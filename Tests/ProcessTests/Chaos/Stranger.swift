import HTTP
import JSON
import Synchronization
import TestSupport

/// A program that is none of ours and writes customers straight at Stripe, with the same user ids: some under a mark of
/// its own, then with a user's very address; some without a mark, then with an address that no user ever has.
final class Stranger: Sendable {
    private let run: ChaosRun
    /// Its customers as Stripe last answered them.
    private let customers = Mutex<[String: JSONObject]>([:])

    /// Enough to be in the way, few enough for a search.
    private static let customersMax = 40

    init(_ run: ChaosRun) { self.run = run }

    func work() async throws {
        var random = run.settings.random(96)
        var serial = 0
        while !run.isOver {
            try await run.pause(100...600, &random)
            serial += 1
            let known = customers.withLock { $0.keys.sorted() }
            if let id = known.randomElement(using: &random), known.count > Self.customersMax || random.isOne(in: 3) {
                try await change(id, serial, deleting: known.count > Self.customersMax)
            } else {
                try await create(serial, &random)
            }
        }
    }

    /// What has become of its customers that it did not do itself.
    func losses() async throws -> [String] {
        var losses: [String] = []
        for (id, customer) in customers.withLock({ $0 }) {
            let now = try await run.stripe.direct(.get, "/v1/customers/" + id)
            if JSONValue.object(now) != .object(customer) {
                losses.append("the stranger's \(id) is another one: \(JSONValue.object(now))")
            }
        }
        return losses
    }

    private func create(_ serial: Int, _ random: inout SplitMix) async throws {
        guard let application = run.applications.randomElement(using: &random) else { return }
        let lane = Int.random(in: 0..<application.lanes, using: &random)
        let number = Int.random(in: 0..<Application.usersPerLane, using: &random)
        var form = "name=Stranger+\(serial)&metadata[userId]=\(application.userId(lane, number))"
        if Bool.random(using: &random) {
            let life = Int.random(in: 1...3, using: &random)
            form += "&metadata[stripe_customers_app]=stranger&email=\(application.email(lane, number, life: life))"
        } else {
            form += "&email=stranger.\(serial)@other.example"
        }
        let customer = try await run.stripe.direct(.post, "/v1/customers", form.replacing("@", with: "%40"))
        guard let id = customer["id"]?.string else { return }
        run.watch.isStrangers(id)
        customers.withLock { $0[id] = customer }
        run.count(\.strangers)
        run.history.note(
            "a stranger makes \(id): \(form)", of: "\(application.name).\(application.userId(lane, number))")
    }

    private func change(_ id: String, _ serial: Int, deleting: Bool) async throws {
        if deleting {
            _ = customers.withLock { $0.removeValue(forKey: id) }
            try await run.stripe.direct(.delete, "/v1/customers/" + id)
        } else {
            let customer = try await run.stripe.direct(.post, "/v1/customers/" + id, "name=Stranger+\(serial)")
            customers.withLock { $0[id] = customer }
        }
    }
}
