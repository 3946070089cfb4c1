package import CustomerStore
import JSON

extension SQLTransaction {
    package func user(_ id: String) throws(StoreError) -> User? {
        try row(userByID, [.text(id)]).map { User($0) }
    }

    package func user(customerId: String) throws(StoreError) -> User? {
        try row(userByCustomer, [.text(customerId)]).map { User($0) }
    }

    package func users(email: String) throws(StoreError) -> [User] {
        try all(
            """
            SELECT \(userColumns) FROM users WHERE \(Self.mayHaveAddress("$1"))
            ORDER BY CASE WHEN users.email = $1 THEN 0 ELSE 1 END, users.id
            """, [.text(email)]
        ).map { User($0) }
    }

    package func users(after id: String?, limit: Int, linked: Bool?) throws(StoreError) -> [User] {
        // An id of bytes comes after every text, so no page would ever be the last; and no call can name it.
        var conditions = [Self.hasReadableID]
        if id != nil { conditions.append("users.id > $2") }
        if let linked { conditions.append("stripe_customer_id IS \(linked ? "NOT " : "")NULL") }
        let filter = conditions.joined(separator: " AND ")
        return try all(
            "SELECT \(userColumns) FROM users WHERE \(filter) ORDER BY users.id LIMIT $1",
            [SQLValue(limit)] + (id.map { [.text($0)] } ?? [])
        ).map { User($0) }
    }

    package func userCount() throws(StoreError) -> Int { Int(try row("SELECT count(*) FROM users")?.integer(0) ?? 0) }

    package func holder(of customerId: String) throws(StoreError) -> String? {
        try row("SELECT CAST(id AS TEXT) FROM users WHERE stripe_customer_id = $1", [.text(customerId)])?.text(0)
    }

    package func rivals(id: String?, email: String?) throws(StoreError) -> [UserRival] {
        try all(
            rivalsText(Self.mayHaveAddress("$2")), [SQLValue(id), SQLValue(email)]
        ).map { UserRival(id: $0.text(0) ?? "", hasID: $0.bool(1), email: $0.text(2)) }
    }

    package func insertUser(_ user: User, choosingID: Bool) throws(StoreError) -> User? {
        try writeUsers(
            .insert, userInsert,
            [
                choosingID ? .null : .text(user.id), SQLValue(user.email), SQLValue(user.name),
                SQLValue(user.phone), SQLValue(storedMetadata(user.metadata)),
            ]
        ).first.map { User($0) }
    }

    package func updateUser(_ id: String, _ columns: [(UserColumn, String?)]) throws(StoreError) {
        if columns.isEmpty { return }
        let assignments = columns.indices.map { "\(columns[$0].0.rawValue) = $\($0 + 2)" }.joined(separator: ", ")
        try writeUsers(
            .profile, "UPDATE users SET \(assignments) WHERE id = $1", [.text(id)] + columns.map { SQLValue($0.1) })
    }

    package func deleteUser(_ id: String) throws(StoreError) {
        try writeUsers(.delete, "DELETE FROM users WHERE \(hasID)", [.text(id)])
    }

    package func link(_ customerId: String, to userId: String) throws(StoreError) {
        try writeUsers(
            .link, "UPDATE users SET stripe_customer_id = $1 WHERE id = $2 AND stripe_customer_id IS NULL",
            [.text(customerId), .text(userId)])
    }

    package func unlink(_ customerId: String) throws(StoreError) {
        try writeUsers(
            .link, "UPDATE users SET stripe_customer_id = NULL WHERE stripe_customer_id = $1", [.text(customerId)])
    }
}

/// The id is $1 to the letter: a column of integers would find 7 for 007 or 7.0 too, and whatever else is kept under the id
/// as it was given would be missed.
let hasID = "users.id = $1 AND CAST(users.id AS TEXT) = $1"

/// What `User(_:)` reads, in its order.
let userColumns =
    "CAST(users.id AS TEXT), users.email, users.name, users.phone, users.stripe_metadata, users.stripe_customer_id"

/// Two ways in, each through its index.
func rivalsText(_ mayHaveAddress: String) -> String {
    """
    SELECT CAST(users.id AS TEXT), CASE WHEN users.id = $1 THEN 1 ELSE 0 END, users.email FROM users
    WHERE users.id = $1 OR \(mayHaveAddress)
    """
}

private let userByID = "SELECT \(userColumns) FROM users WHERE \(hasID)"
private let userByCustomer = "SELECT \(userColumns) FROM users WHERE stripe_customer_id = $1"
private let userInsert = """
    INSERT INTO users (id, email, name, phone, stripe_metadata) VALUES ($1, $2, $3, $4, $5)
    RETURNING CAST(id AS TEXT), email, name, phone, stripe_metadata, stripe_customer_id
    """

extension User {
    init(_ row: any SQLRow) {
        self.init(
            id: row.text(0) ?? "", email: row.profileText(1), name: row.profileText(2), phone: row.profileText(3),
            metadata: storedMetadata(row.text(4)), customerId: row.text(5))
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

extension SQLRow {
    /// Text, also where a host's column without a type holds a number (a phone, say). An empty text counts as none:
    /// for Stripe "" means to unset.
    fileprivate func profileText(_ index: Int) -> String? {
        let text = text(index) ?? integer(index).map { String($0) }
        return text?.isEmpty == true ? nil : text
    }
}

/// The strings of a stored JSON object; whatever else a host may have written there is left out, and so is an empty
/// text, with which Stripe unsets.
private func storedMetadata(_ text: String?) -> JSONObject {
    JSONObject(storedObject(text).members.filter { $0.value.string?.isEmpty == false })
}

/// Of a stored text what `storedMetadata` leaves out unseen; an empty text is meant to unset.
private func unread(_ text: String?) -> Int {
    guard let text, !text.isEmpty else { return 0 }
    guard let object = (try? JSONValue(parsing: Array(text.utf8)))?.object else { return 1 }
    return object.members.count { $0.value.string == nil && !$0.value.isNull }
}
