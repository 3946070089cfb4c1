internal import CustomerStore
internal import JSON
internal import Stripe

/// Edits that are made at Stripe, next to changes that are made to the user.
///
/// Three states are told apart for each field: what the user's row says, what it said when both were last in step
/// (`SyncedProfile.profile`, the base), and what Stripe has (`SyncedProfile.edits` where that is not the base). A sync
/// sends where row and base differ. If an edit made at Stripe moved the base, the user's untouched row would differ from
/// it and the next sync would send the old value over the edit; if it were forgotten, nobody could tell an edit that is
/// known from one that was missed. So it is kept beside the base. Only with `--stripe-wins` the base moves too, together
/// with the row, and again nothing differs.
extension ProfileFields {
    /// The fields of a customer that the profile mirrors, in the profile's form. What the object at hand says nothing about
    /// is as it is known; what is in doubt there too stays so. Of the metadata only names that one of the profiles has are
    /// looked at.
    static func mirror(of customer: JSONObject, over known: JSONObject, like profiles: JSONObject...) -> JSONObject {
        var mirrored: JSONObject = [:]
        for name in texts { mirrored[name] = value(customer.said(name), else: known[name], unset: .null) }
        var metadata: JSONObject = [:]
        for member in profiles.flatMap({ $0["metadata"]?.object?.members ?? [] }) {
            metadata[member.name] = value(
                customer.said(ofMetadata: member.name), else: known["metadata"]?[member.name], unset: nil)
        }
        mirrored["metadata"] = .object(metadata)
        return mirrored
    }

    static func value(_ said: StripeMember, else known: JSONValue?, unset: JSONValue?) -> JSONValue? {
        switch said {
        case .absent: known
        case .unset, .object: unset
        case .text(let text): .string(text)
        }
    }

    /// What the customer has instead of the profile.
    static func edits(of customer: JSONObject, from profile: JSONObject) -> JSONObject {
        difference(from: profile, to: mirror(of: customer, over: profile, like: profile))
    }

    /// What Stripe has, as far as is known: the base with the edits over it. What is in doubt in the base (`doubting`) is
    /// so whatever edit was known before: the change on its way may have gone over it.
    static func known(_ synced: SyncedProfile) -> JSONObject {
        var known = synced.profile
        for name in texts where known[name] != nil && synced.edits[name] != nil { known[name] = synced.edits[name] }
        var metadata = known["metadata"]?.object ?? [:]
        for member in synced.edits["metadata"]?.object?.members ?? [] where metadata[member.name]?.isNull != true {
            metadata[member.name] = member.value.isNull ? nil : member.value
        }
        known["metadata"] = .object(metadata)
        return known
    }

    /// Takes in what the customer is now. An edit of a field in `wins` goes into the user's row, except where the user
    /// has changed it too and that was not sent yet, or where nobody knows whether it was: an acknowledged change is not
    /// lost, and will be sent.
    static func merge(
        _ customer: JSONObject, user: User, synced: SyncedProfile, wins: [String]
    ) -> ProfileMerge {
        var base = marked(synced.profile, as: customer)
        let before = known(SyncedProfile(profile: base, edits: synced.edits))
        let (state, row) = (mirror(of: customer, over: before, like: base), profile(of: user))
        var userFields: JSONObject = [:]
        for name in texts where wins.contains(name) && base[name] != nil {
            guard !same(base[name]?.string, state[name]?.string), same(base[name]?.string, row[name]?.string) else {
                continue
            }
            userFields[name] = state[name] ?? .null
            base[name] = state[name] ?? .null
        }
        return ProfileMerge(
            synced: SyncedProfile(profile: base, edits: difference(from: base, to: state)), userFields: userFields,
            isMarkLost: isMarkLost(customer, user.id))
    }

    private static func isMarkLost(_ customer: JSONObject, _ userId: String) -> Bool {
        switch customer.said(ofMetadata: userIdName) {
        case .absent: false
        case .unset, .object: true
        case .text(let mark): !sameCodePoints(mark, userId)
        }
    }

    /// The synced profile with the mark by which the customer names its user as the customer has it. That one is the
    /// service's own: removed or changed, it is no edit to be kept but something to be sent, since by the mark a lost
    /// database finds the customer again. One in doubt is sent anyway.
    static func marked(_ synced: JSONObject, as customer: JSONObject) -> JSONObject {
        var metadata = synced["metadata"]?.object ?? [:]
        guard metadata[userIdName]?.isNull != true else { return synced }
        metadata[userIdName] = value(customer.said(ofMetadata: userIdName), else: metadata[userIdName], unset: nil)
        var marked = synced
        marked["metadata"] = .object(metadata)
        return marked
    }
}
