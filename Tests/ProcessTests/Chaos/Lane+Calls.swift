import JSON
import Synchronization

extension Lane {
    /// What the host does next; `nil` when the user that was drawn leaves nothing to do.
    mutating func nextCall() -> Call? {
        let index = Int.random(in: 0..<Application.usersPerLane, using: &random)
        let own = application.userId(number, index)
        let anybody = application.userId(Int.random(in: 0..<application.lanes, using: &random), index)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<60:
            guard let person = people[own] else { return nil }
            if person.isPresent { return random.isOne(in: 12) ? departure(own) : update(own, person) }
            return person.isGoing ? registration(own) : look(anybody)
        case 60..<70 where run.settings.has(.webhooks):
            if let params = application.mailbox.withLock({ $0.popLast() }) {
                return Call(kind: .other, method: "handleWebhook", userId: own, params: params, serial: serial)
            }
            return look(anybody)
        default: return look(anybody)
        }
    }

    private mutating func look(_ userId: String) -> Call {
        let method = Bool.random(using: &random) ? "ensureCustomerExists" : "syncCustomerWithUser"
        var params: JSONObject = ["userId": .string(userId)]
        if method == "ensureCustomerExists", random.isOne(in: 4) { params["emailVerified"] = true }
        return Call(kind: .other, method: method, userId: userId, params: params, serial: serial)
    }

    /// A new person under the id; the same one again where ids are not reused.
    private mutating func registration(_ userId: String) -> Call? {
        guard let life = beginLife(userId) else { return nil }
        let name = name(for: life)
        var params: JSONObject = [
            "userId": .string(userId), "email": .string(email(of: life)), "name": .string(name),
        ]
        if random.isOne(in: 3) { params["emailVerified"] = true }
        return Call(
            kind: .register(life), method: "registerUser", userId: userId, name: name, params: params, serial: serial)
    }

    private mutating func update(_ userId: String, _ person: Person) -> Call {
        let name = name(for: person.life)
        var params: JSONObject = ["userId": .string(userId), "name": .string(name)]
        params["phone"] = .string(phone(for: person.life))
        if random.isOne(in: 4) { params["email"] = .string(email(of: person.life, isNew: true)) }
        if random.isOne(in: 4) { params["metadata"] = ["plan": .string(name)] }
        return Call(kind: .update, method: "updateUser", userId: userId, name: name, params: params, serial: serial)
    }

    private mutating func departure(_ userId: String) -> Call {
        guard run.settings.has(.reuse), let departure = Departure.allCases.randomElement(using: &random) else {
            return Call(
                kind: .depart(.archive), method: "deleteUser", userId: userId, params: ["userId": .string(userId)],
                serial: serial)
        }
        if departure == .erase {
            return Call(
                kind: .depart(.erase), method: "eraseUser", userId: userId, params: ["userId": .string(userId)],
                serial: serial)
        }
        return Call(
            kind: .depart(departure), method: "deleteUser", userId: userId,
            params: ["userId": .string(userId), "customer": .string(departure.rawValue)], serial: serial)
    }

    // MARK: Values

    /// Without reuse the same person comes back under its id, with the same address.
    mutating func beginLife(_ userId: String) -> Life? {
        guard run.settings.has(.reuse) else { return people[userId]?.life }
        return people[userId]?.nextLife()
    }

    mutating func name(for life: Life) -> String {
        let name = "\(life) N\(serial)"
        run.values.give(name, to: life, serial: serial)
        return name
    }

    /// Where Stripe refuses some, it is one in ten.
    mutating func phone(for life: Life) -> String {
        let isRefused = run.settings.has(.refusedPhones) && random.isOne(in: 10)
        let phone = "+\(serial)" + (isRefused ? ChaosRun.refusedPart + "4" : "")
        run.values.give(phone, to: life, serial: serial)
        return phone
    }

    mutating func email(of life: Life, isNew: Bool = false) -> String {
        let index = people[life.userId]?.index ?? 0
        let email = application.email(number, index, life: life.number, serial: isNew ? serial : nil)
        run.values.give(email, to: life, serial: isNew ? serial : 0)
        return email
    }
}
