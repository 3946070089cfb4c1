package import JSON

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
