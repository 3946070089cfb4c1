import CustomerStore
import JSON
import Stripe

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
    /// is as it is known; what is in doubt there too stays so. Of the metadata only the marks and names that one of the
    /// profiles has are looked at.
    static func mirror(of customer: JSONObject, over known: JSONObject, like profiles: JSONObject...) -> JSONObject {
        var mirrored: JSONObject = [:]
        for name in texts { mirrored[name] = value(customer.said(name), else: known[name], unset: .null) }
        var metadata: JSONObject = [:]
        let names = profiles.flatMap { $0["metadata"]?.object?.members.map(\.name) ?? [] }
        for name in CustomerMark.all + names {
            metadata[name] = value(customer.said(ofMetadata: name), else: known["metadata"]?[name], unset: nil)
        }
        mirrored["metadata"] = .object(metadata)
        return mirrored
    }

    static func value(_ said: StripeMember, else known: JSONValue?, unset: JSONValue?) -> JSONValue? {
        switch said {
        case .absent, .object: known
        case .unset: unset
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
    /// lost, and will be sent. Nor does a value that a call could not write there.
    static func merge(
        _ customer: JSONObject, user: User, synced: SyncedProfile, wins: [String], app: String?
    ) -> ProfileMerge {
        var base = marked(synced.profile, as: customer)
        let before = known(SyncedProfile(profile: base, edits: synced.edits))
        let (state, row) = (mirror(of: customer, over: before, like: base), profile(of: user, app: app))
        var userFields: JSONObject = [:]
        for name in texts where wins.contains(name) && base[name] != nil {
            guard !same(base[name]?.string, state[name]?.string), same(base[name]?.string, row[name]?.string),
                ProfileLimits.violations(in: [name: state[name] ?? .null]).isEmpty
            else { continue }
            userFields[name] = state[name] ?? .null
            base[name] = state[name] ?? .null
        }
        return ProfileMerge(
            synced: SyncedProfile(profile: base, edits: difference(from: base, to: state)), userFields: userFields,
            isMarkLost: CustomerMark.all.contains { isLost($0, of: customer, row) })
    }

    private static func isLost(_ mark: String, of customer: JSONObject, _ row: JSONObject) -> Bool {
        let wanted = row["metadata"]?[mark]?.string
        return switch customer.said(ofMetadata: mark) {
        case .absent, .object: false
        case .unset: wanted != nil
        case .text(let text): !same(text, wanted)
        }
    }

    /// The synced profile with the marks as the customer has them. They are the service's own: removed, changed, or left
    /// over from an archive, they are no edit to be kept but something to be sent, since by them a lost database finds the
    /// customer again. One in doubt is sent anyway.
    static func marked(_ synced: JSONObject, as customer: JSONObject) -> JSONObject {
        var metadata = synced["metadata"]?.object ?? [:]
        for name in CustomerMark.all where metadata[name]?.isNull != true {
            metadata[name] = value(customer.said(ofMetadata: name), else: metadata[name], unset: nil)
        }
        var marked = synced
        marked["metadata"] = .object(metadata)
        return marked
    }
}
