package import JSON

/// How a user and its customer were when they were last in step, and what was edited at Stripe since.
package struct SyncedProfile: Sendable {
    /// `{email, name, phone, metadata}` of the user then: a sync sends what the user has changed since. A text that is
    /// missing and metadata that is null are in doubt: they were sent, and no answer came.
    package var profile: JSONObject
    /// What Stripe has instead, where it was edited there; null for what was unset.
    package var edits: JSONObject

    package init(profile: JSONObject, edits: JSONObject = [:]) {
        self.profile = profile
        self.edits = edits
    }

    /// What became of an update is not known.
    package var isInDoubt: Bool {
        ["email", "name", "phone"].contains { profile[$0] == nil }
            || profile["metadata"]?.object?.members.contains { $0.value.isNull } == true
    }

    /// Another profile was sent: it went over the edits of the fields in which it differs, or that were in doubt.
    package mutating func replaceProfile(by sent: JSONObject) {
        for name in ["email", "name", "phone"] where profile[name] == nil || !same(profile[name], sent[name]) {
            edits[name] = nil
        }
        var metadata = edits["metadata"]?.object ?? [:]
        for member in metadata.members {
            let (old, new) = (profile["metadata"]?[member.name], sent["metadata"]?[member.name])
            if old?.isNull == true || !same(old, new) { metadata[member.name] = nil }
        }
        edits["metadata"] = metadata.isEmpty ? nil : .object(metadata)
        profile = sent
    }

    private func same(_ a: JSONValue?, _ b: JSONValue?) -> Bool {
        guard let a = a?.string, let b = b?.string else { return a?.string == nil && b?.string == nil }
        return sameCodePoints(a, b)
    }
}
