package import Environment
package import JSON

/// Calls that the host makes under idempotency keys of its own: each has its effect once.
///
/// Where the effect is in this database, the call is noted as done in the very transaction that has it (`complete`). Where it
/// is at Stripe the call is noted before (`begin`), and as done when Stripe has answered (`finish`); a repetition of a call
/// that was begun is carried on under the same key of Stripe's.
extension CustomerStore {
    /// - Returns: `nil` when nobody has called under this key.
    /// - Throws: `.keyReused` when somebody has, with other params.
    package func call(under key: HostKey) async throws(StoreError) -> NotedCall? {
        let seal = audit.key
        return try await read { rows throws(StoreError) in try Self.call(under: key, seal, rows) }
    }

    /// Notes a call before Stripe is asked.
    /// - Parameters: Whom it is about, so that an erasure finds it whatever comes of it.
    /// - Throws: `.keyReused`.
    package func begin(
        _ key: HostKey, userId: String?, customerId: String?, at now: Milliseconds
    ) async throws(StoreError) -> NotedCall {
        let seal = audit.key
        return try await write(locking: [.call(key.text)]) { rows throws(StoreError) in
            if let call = try Self.call(under: key, seal, rows) { return call }
            try rows.insertCall(key.sealed(seal).row(key, userId, customerId, isDone: false, at: now))
            return Self.newCall(key, seal, at: now)
        }
    }

    /// - Parameter answer: To be kept: nothing personal.
    /// - Returns: Whether nobody else has finished it before.
    package func finish(
        _ call: NotedCall, customerId: String?, answer: JSONValue?
    ) async throws(StoreError) -> Bool {
        try await write { rows throws(StoreError) in
            try rows.finishCall(call.sealed, customerId: customerId, answer: answer)
        }
    }

    /// The call failed for good and has done nothing: the key may be used again.
    package func forget(_ call: NotedCall) async throws(StoreError) {
        try await write { rows throws(StoreError) in try rows.removeCall(call.sealed) }
    }

    /// Stripe has saved a failure under the call's key and would give it again for a day: the next attempt has another.
    package func renewKey(of call: NotedCall) async throws(StoreError) {
        try await write { rows throws(StoreError) in try rows.countSavedFailure(of: call.sealed) }
    }

    /// Forgets the oldest calls of before a time, a few in one transaction, so that others get in between.
    /// - Returns: Whether there may be more.
    package func forgetCalls(before time: Milliseconds) async throws(StoreError) -> Bool {
        try await write { rows throws(StoreError) in
            try rows.dropCalls(before: time, limit: Self.forgottenAtOnce) == Self.forgottenAtOnce
        }
    }

    private static let forgottenAtOnce = 500

    // MARK: Pieces

    static func locks(_ key: HostKey?) -> [LockName] { key.map { [.call($0.text)] } ?? [] }

    /// Notes, in the transaction of what the call does, that it has been done.
    /// - Throws: `.callOvertaken`: then nothing of it happens.
    static func complete(
        _ key: HostKey?, userId: String?, customerId: String? = nil, _ seal: AuditKey, at now: Milliseconds,
        _ rows: any StoreTransaction
    ) throws(StoreError) {
        try requireFirst(key, seal, rows)
        try noteDone(key, userId: userId, customerId: customerId, seal, at: now, rows)
    }

    /// Looked at before anything that the first call may have made is found in the way of this one.
    /// - Throws: `.callOvertaken` when another call under the key has been carried out since the service looked.
    static func requireFirst(
        _ key: HostKey?, _ seal: AuditKey, _ rows: any StoreTransaction
    ) throws(StoreError) {
        if let key, try call(under: key, seal, rows) != nil { throw .callOvertaken }
    }

    /// The second half of `complete`, for what has asked `requireFirst` before.
    static func noteDone(
        _ key: HostKey?, userId: String?, customerId: String? = nil, _ seal: AuditKey, at now: Milliseconds,
        _ rows: any StoreTransaction
    ) throws(StoreError) {
        guard let key else { return }
        try rows.insertCall(key.sealed(seal).row(key, userId, customerId, isDone: true, at: now))
    }

    static func call(
        under key: HostKey, _ seal: AuditKey, _ rows: any StoreTransaction
    ) throws(StoreError) -> NotedCall? {
        let sealed = key.sealed(seal)
        // What was written before has the key as it is. Whose it was nobody knows, so it is no actor's own.
        let keys = key.owner == nil ? [sealed.text, key.text] : [sealed.text]
        guard let row = try rows.call(under: keys) else { return nil }
        let isPlain = row.key != sealed.text
        guard row.requestHash == (isPlain ? key.requestHash : sealed.requestHash) else { throw .keyReused }
        let isOld = row.method == nil
        // A createCustomer had its user from the beginning, and its customer when it was done.
        let wasDone = isOld && (row.customerId != nil || row.userId != nil && key.method != "createCustomer")
        return NotedCall(
            key: key, sealed: row.key, since: row.createdAt, isDone: row.isDone || wasDone, isNew: false,
            userId: row.userId, customerId: row.customerId, answer: row.answer.map { .object($0) },
            isOfEarlierLife: row.isOfEarlierLife, isErased: row.isErased || isOld && !isPlain,
            stripeKey: isPlain ? key.text : stripeKey(sealed, savedFailures: row.savedFailures),
            hasRenewedKey: row.savedFailures != 0)
    }

    private static func newCall(_ key: HostKey, _ seal: AuditKey, at now: Milliseconds) -> NotedCall {
        let sealed = key.sealed(seal)
        return NotedCall(
            key: key, sealed: sealed.text, since: now, isDone: false, isNew: true, userId: nil, customerId: nil,
            answer: nil, isOfEarlierLife: false, isErased: false, stripeKey: stripeKey(sealed, savedFailures: 0),
            hasRenewedKey: false)
    }

    private static func stripeKey(_ key: SealedKey, savedFailures: Int64) -> String {
        savedFailures == 0 ? "call-\(key.text)" : "call-\(key.text)-\(savedFailures)"
    }

    /// Keeps of the calls about a user who is erased only that they came: a late repetition would otherwise bring back
    /// the user or the customer.
    /// - Returns: How many they are.
    @discardableResult
    static func eraseCalls(
        about subject: CallSubject, _ seal: AuditKey, _ rows: any StoreTransaction
    ) throws(StoreError) -> Int {
        for call in try rows.plainCalls(about: subject) {
            try rows.sealCall(
                call.key, as: seal.hash("key " + call.key),
                requestHash: HostKey.sealed(requestHash: call.requestHash, seal))
        }
        return try rows.eraseCalls(about: subject)
    }
}

extension SealedKey {
    fileprivate func row(
        _ key: HostKey, _ userId: String?, _ customerId: String?, isDone: Bool, at now: Milliseconds
    ) -> CallRow {
        var row = CallRow(
            key: text, requestHash: requestHash, method: key.method, userId: userId, customerId: customerId,
            createdAt: now)
        row.isDone = isDone
        return row
    }
}
