import CustomerStore
import Environment
package import Interface
package import JSON

/// Fields that are refused, among those that are sent.
extension ProfileFields {
    /// What is left when these fields are not sent. The marks in the metadata always are: a customer has to name its user.
    package static func without(_ refused: [ProfileField], _ fields: JSONObject) -> JSONObject {
        var left = fields
        for field in refused {
            switch field {
            case .email, .name, .phone: left[field.name] = nil
            case .metadata(let name):
                let members = left["metadata"]?.object?.members ?? []
                let kept = members.filter { CustomerMark.isReserved($0.name) || name != nil && $0.name != name }
                left["metadata"] = kept.isEmpty ? nil : .object(JSONObject(kept))
            }
        }
        return left
    }

    /// Whether there is something of the field that can be left out.
    static func canLeaveOut(_ field: ProfileField, of fields: JSONObject) -> Bool {
        JSONValue.object(without([field], fields)) != .object(fields)
    }

    /// The user's value of a field, as one text.
    static func value(of field: ProfileField, in profile: JSONObject) -> String? {
        switch field {
        case .email, .name, .phone: profile[field.name]?.string
        case .metadata(let name?): profile["metadata"]?[name]?.string
        case .metadata(nil): profile["metadata"]?.description
        }
    }

    /// What Stripe has been told when the refused fields were left out: in them, what it had before.
    static func profile(_ profile: JSONObject, leaving refused: [ProfileField], as known: JSONObject) -> JSONObject {
        var told = profile
        for field in refused {
            switch field {
            case .email, .name, .phone: told[field.name] = known[field.name]
            case .metadata(let name):
                var metadata = told["metadata"]?.object ?? [:]
                let before = known["metadata"]?.object ?? [:]
                let names = name.map { [$0] } ?? (metadata.members + before.members).map(\.name)
                for name in names where !CustomerMark.isReserved(name) { metadata[name] = before[name] }
                told["metadata"] = .object(metadata)
            }
        }
        return told
    }
}

extension ProfileField {
    /// `email`, `metadata.plan`, `metadata`.
    package var name: String {
        switch self {
        case .email: "email"
        case .name: "name"
        case .phone: "phone"
        case .metadata(let name): name.map { "metadata." + $0 } ?? "metadata"
        }
    }

    init?(name: String) {
        if name.hasPrefix("metadata.") {
            self = .metadata(String(name.dropFirst("metadata.".count)))
        } else {
            self.init(param: name)
        }
    }
}

extension CustomerSync {
    /// The refused fields of which the user has the refused value still: not sent, and told.
    func standing(_ refused: [RefusedField], of user: User) -> [RefusedField] {
        let profile = ProfileFields.profile(of: user, app: store.app)
        return refused.filter { refusal in
            guard refusal.side == .stripe, let field = ProfileField(name: refusal.field) else { return false }
            return store.isRefused(ProfileFields.value(of: field, in: profile), refusal)
        }
    }

    func withheld(_ claim: SyncClaim) -> [ProfileField] {
        guard let user = claim.user else { return [] }
        return standing(claim.refused, of: user).compactMap { ProfileField(name: $0.field) }
    }

    /// Remembers what Stripe refuses, so that the rest can go.
    func record(_ field: ProfileField, refusedBy error: ServiceError, _ run: inout SyncRun) async throws(ServiceError) {
        guard let user = run.claim.user else { return }
        let value = ProfileFields.value(of: field, in: ProfileFields.profile(of: user, app: store.app))
        let refused = try await stored(
            await store.recordRefusal(
                field.name, value: value, of: user.id, errorType: error.kind.rawValue, error: error.message,
                at: clock.now()))
        run.claim.refused.removeAll { $0.side == .stripe && $0.field == refused.field }
        run.claim.refused.append(refused)
        run.refusals += 1
        log(
            .warning, "sync.field_refused",
            ["userId": .string(user.id), "field": .string(field.name), "reason": .string(error.message)])
    }

    /// After a sync: forgets what has changed since it was refused.
    /// - Returns: What is refused still.
    func settleRefusals(_ run: SyncRun) async -> [RefusedField] {
        let refused = run.claim.refused.filter { $0.side == .stripe }
        guard !refused.isEmpty, let user = run.claim.user else { return [] }
        let standing = standing(refused, of: user)
        if standing.count < refused.count {
            // What is not forgotten now is the next time; it is not withheld in any case.
            try? await store.forgetRefusals(of: user.id, except: standing.map(\.field))
        }
        return standing
    }
}

extension SyncResult {
    /// Everything but these fields is in line: for a caller who wants to hear of it as of a failure.
    var refusal: ServiceError? {
        guard let first = refused.first else { return nil }
        var details: JSONObject = [
            "userId": .string(userId), "customerId": .string(customerId),
            "fields": .array(refused.map { .string($0.field) }),
        ]
        details["stripe"] = ProfileField(name: first.field).map { ["param": .string($0.param)] }
        var error = ServiceError(
            .stripeRequestRejected,
            "Stripe refuses \(refused.map(\.field).joined(separator: ", ")), and has the rest: \(first.error)",
            details: details)
        error.awaited = ProfileField(name: first.field).map { .user($0) }
        return error
    }
}
