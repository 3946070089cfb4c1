import JSON
import SQLite
import Synchronization
import TestSupport

/// What must hold once Stripe is well and nothing is left to do.
///
/// Every user has one living customer, its own, with the user's fields and nothing of anybody else's; of a life that has
/// ended there is what its end left.
struct Verdict: Sendable {
    let run: ChaosRun
    let application: Application
    private var customers: [Life: [JSONObject]] = [:]
    private(set) var users = 0

    init(_ run: ChaosRun, _ application: Application) async throws {
        self.run = run
        self.application = application
        for customer in try await run.stripe.customers() {
            guard let id = customer["id"]?.string, let life = run.watch.life(ofCustomer: id),
                life.application == application.name
            else { continue }
            customers[life, default: []].append(customer)
        }
    }

    /// Reports what is not so.
    /// - Parameter refused: whether phone numbers that Stripe refuses are still in the rows; all the rest is in line then.
    mutating func give(refused: Bool) throws {
        let host = application.host
        var living: Set<Life> = []
        users = 0
        for row in try host.sql("SELECT id, email, name, phone, stripe_customer_id FROM users") {
            users += 1
            let (id, name) = (row.text(0) ?? "", row.text(2) ?? "")
            guard let life = run.values.stamp(name, in: application.name)?.life else {
                fail("\(id) has a name that nobody gave: \(name)", id)
                continue
            }
            living.insert(life)
            compare(row, life)
        }
        for (life, customers) in customers where !living.contains(life) { settle(life, customers) }
        if refused { return }
        for row in try host.whatIsLeft() {
            fail("left to do: \(row)", row.split(separator: " ").first.map(String.init))
        }
    }

    private func compare(_ row: Row, _ life: Life) {
        let id = row.text(0) ?? ""
        let own = customers[life] ?? []
        let live = own.filter { !$0.isArchived }
        // Where an id comes back as the same life, archived ones are there by right.
        let count = run.settings.has(.reuse) ? own.count : live.count
        guard count == 1, let customer = live.first else {
            return fail(
                "\(life) has \(live.count) living customers of \(own.count): \(own.map { $0["id"]?.string ?? "" })", id)
        }
        if customer["id"]?.string != row.text(4) {
            fail("\(id) is linked to \(row.text(4) ?? "none"), not \(customer["id"]?.string ?? "")", id)
        }
        for (index, name) in ["email", "name", "phone"].enumerated() {
            let (here, there) = (row.text(index + 1), customer[name]?.string)
            if name == "phone", here?.contains(ChaosRun.refusedPart) == true { continue }
            if here != there { fail("\(name) of \(id): \(here ?? "-") here, \(there ?? "-") there", id) }
        }
        let metadata = customer["metadata"]
        if metadata?["userId"]?.string != id {
            fail("the customer of \(id) names \(metadata?["userId"]?.string ?? "none")", id)
        }
        for value in [
            customer["email"], customer["name"], customer["phone"], customer["description"], metadata?["plan"],
        ] {
            guard let value = value?.string, let stamp = run.values.stamp(value, in: application.name) else { continue }
            if stamp.life != life { fail("the customer of \(life) has \(value) of \(stamp.life)", id) }
        }
    }

    /// Of a life whose user is gone.
    private func settle(_ life: Life, _ customers: [JSONObject]) {
        let departure = run.departed.withLock { $0[life] }
        let ids = customers.map { $0["id"]?.string ?? "" }
        switch departure {
        case .keep: if customers.count > 1 { fail("\(life) was kept and has \(ids)", life.userId) }
        case .delete, .erase: fail("\(life) is gone (\(departure?.rawValue ?? "")), and \(ids) are left", life.userId)
        case .archive, nil:
            let live = customers.filter { !$0.isArchived }
            if !live.isEmpty {
                fail("\(life) is gone, and \(live.map { $0["id"]?.string ?? "" }) live on", life.userId)
            }
            if run.settings.has(.reuse), customers.count > 1 {
                fail("\(life) was archived and has \(ids)", life.userId)
            }
        }
    }

    private func fail(_ text: String, _ userId: String?) {
        run.watch.report("\(application.name): \(text)", of: userId.map { "\(application.name).\($0)" })
    }
}

extension JSONObject {
    fileprivate var isArchived: Bool {
        let metadata = self["metadata"]?.object
        return metadata?["archived_at"] != nil || metadata?["stripe_customers_archived_at"] != nil
    }
}
