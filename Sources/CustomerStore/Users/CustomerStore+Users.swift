package import Environment
package import JSON
import SQLite

/// The fields of a user that a call changes: a member left out stays, `.some(nil)` unsets.
package struct UserChange: Sendable {
    package var email: String?
    package var name: String??
    package var phone: String??
    /// Merged by name as Stripe does it: a null unsets one; `.some(nil)` clears all.
    package var metadata: JSONObject??

    package init(email: String? = nil, name: String?? = nil, phone: String?? = nil, metadata: JSONObject?? = nil) {
        self.email = email
        self.name = name
        self.phone = phone
        self.metadata = metadata
    }
}

extension CustomerStore {
    /// Adds a user and claims it. The trigger on the table puts it into the sync queue in the same transaction.
    /// - Parameter user: With an empty id SQLite chooses one, where it does (`choosesIDs`).
    /// - Throws: `.userExists` when the id or the address (without regard to case) is taken, `.unfitUserID`,
    ///   `.callOvertaken`.
    package func insertUser(
        _ user: User, under key: HostKey? = nil, at now: Milliseconds,
        draft: @escaping @Sendable (User) -> IntentDraft?
    ) async throws(StoreError) -> (user: User, claim: SyncClaim?) {
        // The table would take 007 and keep 7, which the host doesn't know.
        guard !hasIntegerIDs || user.id.isEmpty || Int64(user.id).map(String.init) == user.id else {
            throw .unfitUserID
        }
        let id: SQLiteValue = user.id.isEmpty && choosesIDs ? .null : .text(user.id)
        let owner = owner
        return try await writeRecorded { connection, audit throws(StoreError) in
            try self.restoreTriggers(&connection)
            try Self.requireFirst(key, audit.key, &connection)
            // Also one whose id only the table takes for the same.
            let holder = try connection.row("SELECT CAST(id AS TEXT) FROM users WHERE id = ?", [.text(user.id)])
            if let holder { throw .userExists(userId: holder.text(0) ?? user.id, sameEmail: false) }
            if let email = user.email { try Self.requireFree(email, for: nil, &connection) }
            let row = try Self.writeUsers(
                .insert,
                """
                INSERT INTO users (id, email, name, phone, stripe_metadata) VALUES (?, ?, ?, ?, ?)
                RETURNING \(User.columns)
                """,
                [
                    id, SQLiteValue(user.email), SQLiteValue(user.name), SQLiteValue(user.phone),
                    SQLiteValue(storedMetadata(user.metadata)),
                ], &connection
            ).first
            let added = row.map { User(row: $0) } ?? user
            guard user.id.isEmpty || sameCodePoints(added.id, user.id) else { throw .unfitUserID }
            try Self.stampQueued(added.id, at: now, &connection)
            // Where no trigger was there to do so when the row went.
            try connection.change(
                "UPDATE idempotent_calls SET of_earlier_life = 1 WHERE user_id = ?", [.text(added.id)])
            try Self.complete(key, userId: added.id, audit.key, at: now, &connection)
            try audit.record(
                "user.registered", userId: added.id, details: ["email": audit.personal(added.email) ?? .null],
                &connection)
            guard try Self.take(.user(added.id), owner, &connection) else { return (added, nil) }
            return (added, try Self.situation(added.id, at: now, draft: draft, &connection))
        }
    }

    /// Changes a user's profile and claims the user, unless another process is working on it. The user is queued in
    /// the same transaction.
    /// - Returns: The user as it is now, or `nil` when there is none.
    /// - Throws: `.userExists` when another user has the new address, `.callOvertaken`.
    package func updateUser(
        _ id: String, _ change: UserChange, under key: HostKey? = nil, at now: Milliseconds,
        draft: @escaping @Sendable (User) -> IntentDraft?
    ) async throws(StoreError) -> (user: User, claim: SyncClaim?)? {
        let owner = owner
        return try await writeRecorded { connection, audit throws(StoreError) in
            try self.restoreTriggers(&connection)
            guard var user = try Self.user(id, &connection) else { return nil }
            try Self.complete(key, userId: id, customerId: user.customerId, audit.key, at: now, &connection)
            if let email = change.email { try Self.requireFree(email, for: id, &connection) }
            user.apply(change)
            try Self.write(change.columns(of: user), to: id, &connection)
            // Also when nothing has changed: the answer speaks of a sync, and one that fails has to be tried again.
            try Self.enqueueUnlessQueued(id, at: now, &connection)
            try Self.stampQueued(id, at: now, &connection)
            try audit.record(
                "user.updated", userId: id, customerId: user.customerId,
                details: change.auditDetails(email: audit.personal(change.email)), &connection)
            guard try Self.take(.user(id), owner, &connection) else { return (user, nil) }
            return (user, try Self.situation(id, at: now, draft: draft, &connection))
        }
    }

    package func user(_ id: String) async throws(StoreError) -> User? {
        try await read { connection throws(StoreError) in try Self.user(id, &connection) }
    }

    /// The user of this address without regard to case. A host's table may hold several: the exact spelling goes first,
    /// then the smallest id.
    package func user(email: String) async throws(StoreError) -> User? {
        try await read { connection throws(StoreError) in
            try connection.rows(
                """
                SELECT \(User.columns) FROM users WHERE \(Self.mayHaveAddress)
                ORDER BY email <> ?1 COLLATE BINARY, id
                """, [.text(email)]
            ).map { User(row: $0) }.first { sameAddress($0.email ?? "", email) }
        }
    }

    package func user(customerId: String) async throws(StoreError) -> User? {
        try await read { connection throws(StoreError) in try Self.user(customerId: customerId, &connection) }
    }

    /// Users in the order of their ids.
    /// - Parameter linked: Only those with (or without) a customer.
    package func users(limit: Int, after: String?, linked: Bool?) async throws(StoreError) -> [User] {
        try await read { connection throws(StoreError) in
            // An id of bytes comes after every text, so no page would ever be the last; and no call can name it.
            var conditions = ["typeof(id) <> 'blob'"]
            if after != nil { conditions.append("id > ?") }
            if let linked { conditions.append("stripe_customer_id IS \(linked ? "NOT " : "")NULL") }
            let filter = conditions.joined(separator: " AND ")
            let arguments = (after.map { [SQLiteValue.text($0)] } ?? []) + [SQLiteValue(limit)]
            return try connection.rows(
                "SELECT \(User.columns) FROM users WHERE \(filter) ORDER BY id LIMIT ?", arguments
            )
            .map { User(row: $0) }
        }
    }

    // MARK: Pieces

    /// Finds the rows among which `sameAddress` decides: through the index, but NOCASE compares no further than a U+0000,
    /// which rows of other programs may hold.
    static let mayHaveAddress = "email = ?1 COLLATE NOCASE"

    /// The id is ?1 to the letter: a column of integers would find 7 for 007 or 7.0 too, and whatever else is kept under
    /// the id as it was given would be missed.
    static let hasID = "id = ?1 AND CAST(id AS TEXT) = ?1"

    /// Writes these columns of a row and no other: what stands there need not be what was read.
    static func write(
        _ columns: [(name: String, value: SQLiteValue)], to id: String, _ connection: inout Connection
    ) throws(StoreError) {
        guard !columns.isEmpty else { return }
        let assignments = columns.map { "\($0.name) = ?" }.joined(separator: ", ")
        try writeUsers(
            .profile, "UPDATE users SET \(assignments) WHERE id = ?", columns.map(\.value) + [.text(id)], &connection)
    }

    static func user(_ id: String, _ connection: inout Connection) throws(StoreError) -> User? {
        try connection.row("SELECT \(User.columns) FROM users WHERE \(hasID)", [.text(id)]).map { User(row: $0) }
    }

    static func user(customerId: String, _ connection: inout Connection) throws(StoreError) -> User? {
        try connection.row("SELECT \(User.columns) FROM users WHERE stripe_customer_id = ?", [.text(customerId)])
            .map { User(row: $0) }
    }

    /// Checked here rather than by a unique index, which a host's rows may not allow. It holds across processes, since
    /// the transaction has the database's one write lock.
    static func requireFree(
        _ email: String, for id: String?, _ connection: inout Connection
    ) throws(StoreError) {
        let holder = try connection.rows(
            """
            SELECT CAST(id AS TEXT), email FROM users
            WHERE \(mayHaveAddress) AND (?2 IS NULL OR CAST(id AS TEXT) <> ?2)
            """, [.text(email), SQLiteValue(id)]
        ).first { sameAddress($0.text(1) ?? "", email) }
        if let holder { throw .userExists(userId: holder.text(0) ?? "", sameEmail: true) }
    }
}

extension UserChange {
    /// What it changes of a row.
    /// - Parameter user: The user as the change makes it.
    fileprivate func columns(of user: User) -> [(name: String, value: SQLiteValue)] {
        var columns: [(String, SQLiteValue)] = []
        if email != nil { columns.append(("email", SQLiteValue(user.email))) }
        if name != nil { columns.append(("name", SQLiteValue(user.name))) }
        if phone != nil { columns.append(("phone", SQLiteValue(user.phone))) }
        if let metadata, metadata?.isEmpty != true {
            columns.append(("stripe_metadata", SQLiteValue(storedMetadata(user.metadata))))
        }
        return columns
    }

    /// The names of the fields, and the new address masked.
    fileprivate func auditDetails(email masked: JSONValue?) -> JSONObject {
        let fields = [
            email.map { _ in "email" }, name.map { _ in "name" }, phone.map { _ in "phone" },
            metadata.map { _ in "metadata" },
        ]
        var details: JSONObject = ["fields": .array(fields.compactMap(\.self).map { .string($0) })]
        details["email"] = masked
        return details
    }
}

extension User {
    package mutating func apply(_ change: UserChange) {
        if let email = change.email { self.email = email }
        if let name = change.name { self.name = name }
        if let phone = change.phone { self.phone = phone }
        guard let metadata = change.metadata else { return }
        guard let metadata else {
            self.metadata = [:]
            return
        }
        for member in metadata.members { self.metadata[member.name] = member.value.isNull ? nil : member.value }
    }
}
