import CustomerStore
import JSON

extension ProfileFields {
    /// The fields in which a customer differs from its user although by the rules of the sync it should not: what the user
    /// changed and was not sent, what was edited at Stripe and is not known here, what should have gone into the user's
    /// row, and the marks. `kept` counts the edits that are known and stay.
    static func drift(
        of customer: JSONObject, user: User, synced: SyncedProfile, wins: [String], app: String?
    ) -> (fields: [String], kept: Int) {
        let row = profile(of: user, app: app)
        // Also what the user has no more and Stripe still has.
        let last = known(synced)
        let apart = names(of: difference(from: mirror(of: customer, over: last, like: row, synced.profile), to: row))
        let state = mirror(of: customer, over: last, like: synced.profile)
        let unsent = names(of: difference(from: synced.profile, to: row))
        let unknown = names(of: difference(from: last, to: state))
        let edited = names(of: difference(from: synced.profile, to: state))
        let marks = CustomerMark.all.map { "metadata.\($0)" }
        let fields = apart.filter {
            unsent.contains($0) || unknown.contains($0) || wins.contains($0) || marks.contains($0)
        }
        return (fields, edited.count { !fields.contains($0) && apart.contains($0) })
    }

    /// `email`, `metadata.plan`, …
    private static func names(of fields: JSONObject) -> [String] {
        fields.members.flatMap { member in
            member.value.object.map { $0.members.map { "metadata.\($0.name)" } } ?? [member.name]
        }
    }
}
