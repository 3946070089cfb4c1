package import CustomerStore
import Interface
package import JSON
import Stripe

/// The part of a user that its customer mirrors, and what differs from what Stripe was last told. Pure functions.
package enum ProfileFields {
    static let texts = ["email", "name", "phone"]

    /// `{email, name, phone, metadata}` as Stripe should have it; a text that the user lacks is null. Of the metadata all
    /// but the names that are reserved, and in their place the marks.
    /// - Parameter app: The application's name, if it has one.
    package static func profile(of user: User, app: String?) -> JSONObject {
        var metadata = JSONObject(user.metadata.members.filter { !CustomerMark.isReserved($0.name) })
        metadata[CustomerMark.user] = .string(user.id)
        metadata[CustomerMark.app] = app.map { .string($0) }
        return [
            "email": user.email.map { .string($0) } ?? .null, "name": user.name.map { .string($0) } ?? .null,
            "phone": user.phone.map { .string($0) } ?? .null, "metadata": .object(metadata),
        ]
    }

    /// What a create sends: the profile without what is null.
    package static func createFields(for user: User, app: String?) -> JSONObject {
        withoutNulls(profile(of: user, app: app))
    }

    package static func withoutNulls(_ fields: JSONObject) -> JSONObject {
        JSONObject(fields.members.filter { !$0.value.isNull })
    }

    /// What an update has to send to bring Stripe from `synced` to `profile`: a three-way comparison in which a field
    /// that is the same on both sides is not sent, whatever Stripe has there by now. Metadata by name; the application's
    /// mark is only ever set, since a process that doesn't know the name yet must not unset it.
    package static func difference(from synced: JSONObject, to profile: JSONObject) -> JSONObject {
        var fields: JSONObject = [:]
        for name in texts {
            // What it is to be is not known; only what Stripe has, never a user, lacks a field.
            guard let wanted = profile[name] else { continue }
            let (old, new) = (synced[name], wanted.string)
            // A field that is missing is in doubt.
            if old == nil || !same(old?.string, new) { fields[name] = new.map { .string($0) } ?? .null }
        }
        let (old, new) = (synced["metadata"]?.object ?? [:], profile["metadata"]?.object ?? [:])
        var metadata: JSONObject = [:]
        for member in new.members where !same(old[member.name]?.string, member.value.string) {
            metadata[member.name] = member.value
        }
        for member in old.members where new[member.name] == nil && member.name != CustomerMark.app {
            metadata[member.name] = .null
        }
        if !metadata.isEmpty { fields["metadata"] = .object(metadata) }
        return fields
    }

    /// The synced profile while these fields are on their way: what Stripe has in them is not known, so whatever the user
    /// has by the time of the next sync is sent.
    package static func doubting(_ fields: JSONObject, in synced: JSONObject) -> JSONObject {
        var doubted = synced
        for name in texts where fields[name] != nil { doubted[name] = nil }
        var metadata = synced["metadata"]?.object ?? [:]
        // Null differs from every text, and a name that the user no longer has is unset.
        for member in fields["metadata"]?.object?.members ?? [] { metadata[member.name] = .null }
        doubted["metadata"] = .object(metadata)
        return doubted
    }

    /// The starting point for a customer that was found: what Stripe has, but where the user has nothing to say Stripe's
    /// own value stays, and metadata that is neither the user's nor a mark is left alone.
    /// - Parameter sent: The fields of a create that it may have come of. They are the user's, too: one that the user has
    ///   unset since is to be unset.
    package static func adopted(
        _ customer: JSONObject, for user: User, app: String?, sent: JSONObject = [:]
    ) -> JSONObject {
        let wanted = profile(of: user, app: app)
        var base: JSONObject = [:]
        for name in texts {
            let isUsers = wanted[name]?.isNull != true || sent[name] != nil
            // What the customer does not say is in doubt, and is sent.
            base[name] = isUsers ? value(customer.said(name), else: nil, unset: .null) : .null
        }
        var metadata: JSONObject = [:]
        for fields in [wanted, sent] {
            for member in fields["metadata"]?.object?.members ?? [] {
                metadata[member.name] = value(customer.said(ofMetadata: member.name), else: .null, unset: nil)
            }
        }
        base["metadata"] = .object(metadata)
        return marked(base, as: customer)
    }

    /// The profile that Stripe knows after a create with these fields.
    package static func profile(sentAs fields: JSONObject) -> JSONObject {
        var profile: JSONObject = [:]
        for name in texts { profile[name] = fields[name] ?? .null }
        profile["metadata"] = fields["metadata"] ?? [:]
        return profile
    }

    static func same(_ a: String?, _ b: String?) -> Bool {
        guard let a, let b else { return a == nil && b == nil }
        return sameCodePoints(a, b)
    }
}

/// The schemas see only what a change names; what it comes to has to leave room for the marks.
func requireRoomForMarks(in metadata: JSONObject) throws(ServiceError) {
    let (count, limit) = (metadata.members.count { !CustomerMark.isReserved($0.name) }, CustomerMark.usersKeysMax)
    guard count > limit else { return }
    throw .violation(
        of: "maxProperties", at: "/metadata", params: ["limit": .number(JSONNumber(limit))],
        "comes to \(count) members; at most \(limit) are allowed, since Stripe takes 50 and two are the service's own:"
            + " unset some with null")
}
