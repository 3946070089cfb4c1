package import JSON
import SQLite

/// A user of the host, as far as it concerns Stripe.
package struct User: Sendable, Encodable {
    package var id: String
    package var email: String?
    package var name: String?
    package var phone: String?
    /// What the host wants to see in the customer's metadata: strings by name.
    package var metadata: JSONObject
    package var customerId: String?
    /// How many of the row's metadata are no texts by name, so that Stripe can't be told them; 1 where there is no object at
    /// all.
    package var unreadMetadata = 0
    /// The columns of the row in which there is something else than text that Stripe can be told.
    package var unfitColumns: [String] = []

    package init(
        id: String, email: String?, name: String? = nil, phone: String? = nil, metadata: JSONObject = [:],
        customerId: String? = nil
    ) {
        self.id = id
        self.email = email
        self.name = name
        self.phone = phone
        self.metadata = metadata
        self.customerId = customerId
    }

    package func encode(to encoder: any Encoder) throws {
        // By hand, because members that are nil are written as null: a host sees every field.
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(id, forKey: .id)
        try members.encode(email, forKey: .email)
        try members.encode(name, forKey: .name)
        try members.encode(phone, forKey: .phone)
        try members.encode(metadata, forKey: .metadata)
        try members.encode(customerId, forKey: .customerId)
    }

    private enum CodingKeys: String, CodingKey { case id, email, name, phone, metadata, customerId }
}

extension User {
    /// The columns that `init(row:)` reads, in its order.
    static let columns = "CAST(id AS TEXT), email, name, phone, stripe_metadata, stripe_customer_id"

    init(row: Row) {
        self.init(
            id: row.text(0) ?? "", email: row.string(1), name: row.string(2), phone: row.string(3),
            metadata: metadataObject(row.text(4)), customerId: row.text(5))
        unreadMetadata = unread(row.text(4))
        unfitColumns = [(1, "email"), (2, "name"), (3, "phone"), (4, "stripe_metadata")]
            .filter { row.isUnfit($0.0) }.map(\.1)
        // A number is no id of Stripe's either, and would read as if the user had no customer.
        if row.isUnfit(5) || row.integer(5) != nil { unfitColumns.append("stripe_customer_id") }
        let hasNUL = metadata.members.contains {
            $0.name.utf8.contains(0) || $0.value.string?.utf8.contains(0) == true
        }
        if hasNUL, !unfitColumns.contains("stripe_metadata") { unfitColumns.append("stripe_metadata") }
    }
}

extension Row {
    /// Bytes that are no text, a text that is no UTF-8 or has a U+0000, which neither Stripe nor other databases take.
    /// Nothing is known then of what the column says: neither a repaired text nor none.
    fileprivate func isUnfit(_ index: Int) -> Bool {
        switch values[index] {
        case .text(let text): text.utf8.contains(0)
        case .brokenText, .blob, .real: true
        case .null, .integer: false
        }
    }

    /// Text, also where a host's column without a type holds a number (a phone, say). An empty text counts as none:
    /// for Stripe "" means to unset.
    fileprivate func string(_ index: Int) -> String? {
        let text = text(index) ?? integer(index).map { String($0) }
        return text?.isEmpty == true ? nil : text
    }
}

/// The strings of a stored JSON object; whatever else a host may have written there is left out, and so is an empty
/// text, with which Stripe unsets.
private func metadataObject(_ text: String?) -> JSONObject {
    JSONObject(storedObject(text).members.filter { $0.value.string?.isEmpty == false })
}

/// Of a stored text what `metadataObject` leaves out unseen; an empty text is meant to unset.
private func unread(_ text: String?) -> Int {
    guard let text, !text.isEmpty else { return 0 }
    guard let object = (try? JSONValue(parsing: Array(text.utf8)))?.object else { return 1 }
    return object.members.count { $0.value.string == nil && !$0.value.isNull }
}

/// The stored form of a user's metadata: NULL when there is none.
func storedMetadata(_ metadata: JSONObject) -> String? { metadata.isEmpty ? nil : storedJSON(metadata) }
