package import Environment
package import JSON

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
    /// - Parameter user: With an empty id the table chooses one, where it does (`ids`).
    /// - Throws: `.userExists` when the id or the address (without regard to case) is taken, `.unfitUserID`,
    ///   `.callOvertaken`.
    package func insertUser(
        _ user: User, under key: HostKey? = nil, at now: Milliseconds,
        draft: @escaping @Sendable (User) -> IntentDraft?
    ) async throws(StoreError) -> (user: User, claim: SyncClaim?) {
        // The table would take 007 and keep 7, which the host doesn't know.
        guard !ids.areIntegers || user.id.isEmpty || Int64(user.id).map(String.init) == user.id else {
            throw .unfitUserID
        }
        let (choosesID, owner, restoredAt) = (user.id.isEmpty && ids.areChosen, owner, leaseClock.now())
        return try await writeRecorded(
            locking: [.user(user.id)] + (user.email.map { [.address($0)] } ?? []) + Self.locks(key)
        ) { rows, audit throws(StoreError) in
            try rows.restoreUsersTable(at: restoredAt)
            try Self.requireFirst(key, audit.key, rows)
            try Self.requireFree(id: choosesID ? nil : user.id, email: user.email, rows)
            let added = try rows.insertUser(user, choosingID: choosesID) ?? user
            guard user.id.isEmpty || sameCodePoints(added.id, user.id) else { throw .unfitUserID }
            try rows.stampQueued(added.id, at: now)
            // Where no trigger was there to do so when the row went.
            try rows.endCalls(of: added.id)
            try Self.noteDone(key, userId: added.id, audit.key, at: now, rows)
            try audit.record(
                "user.registered", userId: added.id, details: ["email": audit.personal(added.email) ?? .null])
            guard try rows.take(.user(added.id), owner: owner) else { return (added, nil) }
            return (added, try Self.claim(added.id, at: now, draft: draft, rows))
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
        let (owner, restoredAt) = (owner, leaseClock.now())
        return try await writeRecorded(
            locking: [.user(id)] + (change.email.map { [.address($0)] } ?? []) + Self.locks(key)
        ) { rows, audit throws(StoreError) in
            try rows.restoreUsersTable(at: restoredAt)
            guard var user = try rows.user(id) else { return nil }
            try Self.complete(key, userId: id, customerId: user.customerId, audit.key, at: now, rows)
            if let email = change.email { try Self.requireFree(email: email, for: id, rows) }
            user.apply(change)
            try rows.updateUser(id, change.columns(of: user))
            // Also when nothing has changed: the answer speaks of a sync, and one that fails has to be tried again.
            try rows.enqueue(id, change: Self.freshID(), at: now)
            try rows.stampQueued(id, at: now)
            try audit.record(
                "user.updated", userId: id, customerId: user.customerId,
                details: change.auditDetails(email: audit.personal(change.email)))
            guard try rows.take(.user(id), owner: owner) else { return (user, nil) }
            return (user, try Self.claim(id, at: now, draft: draft, rows))
        }
    }

    /// Makes again what the host's migrations have taken off the users table.
    package func restoreUsersTable() async throws(StoreError) {
        let isWhole = try await read { rows throws(StoreError) in try rows.isUsersTableWhole() }
        if isWhole { return }
        let now = leaseClock.now()
        try await write { rows throws(StoreError) in try rows.restoreUsersTable(at: now) }
    }

    /// How many triggers and indexes had to be made again since the last call.
    package func takeRestoredParts() -> Int { engine.takeRestoredParts() }

    package func user(_ id: String) async throws(StoreError) -> User? {
        try await read { rows throws(StoreError) in try rows.user(id) }
    }

    /// The user of this address without regard to case. A host's table may hold several: the exact spelling goes first,
    /// then the smallest id.
    package func user(email: String) async throws(StoreError) -> User? {
        try await read { rows throws(StoreError) in
            try rows.users(email: email).first { sameAddress($0.email ?? "", email) }
        }
    }

    package func user(customerId: String) async throws(StoreError) -> User? {
        try await read { rows throws(StoreError) in try rows.user(customerId: customerId) }
    }

    /// Users in the order of their ids.
    /// - Parameter linked: Only those with (or without) a customer.
    package func users(limit: Int, after: String?, linked: Bool?) async throws(StoreError) -> [User] {
        try await read { rows throws(StoreError) in try rows.users(after: after, limit: limit, linked: linked) }
    }

    /// The users of these ids, by id.
    package func users(_ ids: Set<String>) async throws(StoreError) -> [String: User] {
        try await read { rows throws(StoreError) in
            var users: [String: User] = [:]
            for id in ids { users[id] = try rows.user(id) }
            return users
        }
    }

    package func userCount() async throws(StoreError) -> Int {
        try await read { rows throws(StoreError) in try rows.userCount() }
    }

    /// Checked here rather than by a unique index, which a host's rows may not allow. It holds across processes, since
    /// the transaction has the lock of the address.
    /// - Parameters:
    ///   - id: Also one whose id only the table takes for the same is in the way.
    ///   - owner: Whose address it may be.
    static func requireFree(
        id: String? = nil, email: String?, for owner: String? = nil, _ rows: any StoreTransaction
    ) throws(StoreError) {
        let rivals = try rows.rivals(id: id, email: email)
        if let holder = rivals.first(where: \.hasID) { throw .userExists(userId: holder.id, sameEmail: false) }
        guard let email else { return }
        let holder = rivals.first { rival in
            sameAddress(rival.email ?? "", email) && owner.map { !sameCodePoints(rival.id, $0) } ?? true
        }
        if let holder { throw .userExists(userId: holder.id, sameEmail: true) }
    }
}

extension UserChange {
    /// What it changes of a row.
    /// - Parameter user: The user as the change makes it.
    fileprivate func columns(of user: User) -> [(UserColumn, String?)] {
        var columns: [(UserColumn, String?)] = []
        if email != nil { columns.append((.email, user.email)) }
        if name != nil { columns.append((.name, user.name)) }
        if phone != nil { columns.append((.phone, user.phone)) }
        if let metadata, metadata?.isEmpty != true { columns.append((.metadata, storedMetadata(user.metadata))) }
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
