package import JSON

/// What an object of Stripe's says of one of its members. Absent is not null: an event or an answer that lacks a member
/// says nothing about it, so nothing may follow from that; `null`, and an empty text, say that it is unset.
///
/// Whatever is taken over from Stripe is read through this.
package enum StripeMember: Sendable, Equatable {
    case absent
    case unset
    case text(String)
    case object(JSONObject)

    /// A value of another kind than Stripe has there is none.
    package init(_ value: JSONValue?) {
        switch value {
        case nil: self = .absent
        case .string(let text)? where !text.isEmpty: self = .text(text)
        case .object(let object)?: self = .object(object)
        default: self = .unset
        }
    }
}

extension JSONObject {
    package func said(_ name: String) -> StripeMember { StripeMember(self[name]) }

    /// What a customer says of a name of its metadata: nothing only where it lacks the metadata as a whole, since the names
    /// that are in it are all there are.
    package func said(ofMetadata name: String) -> StripeMember {
        switch said("metadata") {
        case .absent: .absent
        case .object(let metadata): metadata[name] == nil ? .unset : metadata.said(name)
        case .unset, .text: .unset
        }
    }
}
