package import JSON

/// What an object of Stripe's says of one of its members. Absent is not null: an event or an answer that lacks a member
/// says nothing about it, so nothing may follow from that; `null`, and an empty text, say that it is unset. A value of a kind
/// that Stripe never has there says nothing either.
///
/// Whatever is taken over from Stripe is read through this.
package enum StripeMember: Sendable, Equatable {
    case absent
    case unset
    case text(String)
    case object(JSONObject)

    package init(_ value: JSONValue?) {
        switch value {
        case .null?, .string("")?: self = .unset
        case .string(let text)?: self = .text(text)
        case .object(let object)?: self = .object(object)
        case nil, .array?, .bool?, .number?: self = .absent
        }
    }
}

extension JSONObject {
    package func said(_ name: String) -> StripeMember { StripeMember(self[name]) }

    /// What a customer says of a name of its metadata: nothing only where it lacks the metadata as a whole, since the names
    /// that are in it are all there are.
    package func said(ofMetadata name: String) -> StripeMember {
        switch said("metadata") {
        case .absent, .text: .absent
        case .object(let metadata): metadata[name] == nil ? .unset : metadata.said(name)
        case .unset: .unset
        }
    }
}
