package import Environment
package import JSON

/// Calls under idempotency keys of the host's.
package protocol CallRows {
    /// The call under one of these keys.
    func call(under keys: [String]) throws(StoreError) -> CallRow?
    func insertCall(_ call: CallRow) throws(StoreError)
    /// - Returns: Whether it was neither done nor erased before.
    func finishCall(_ key: String, customerId: String?, answer: JSONValue?) throws(StoreError) -> Bool
    /// Unless it was done or erased.
    func removeCall(_ key: String) throws(StoreError)
    func countSavedFailure(of key: String) throws(StoreError)
    /// The oldest first.
    /// - Returns: How many went.
    func dropCalls(before time: Milliseconds, limit: Int) throws(StoreError) -> Int
    /// Whoever has the id from here on is another user.
    func endCalls(of userId: String) throws(StoreError)

    /// Calls that were written before keys were sealed.
    func plainCalls(about subject: CallSubject) throws(StoreError) -> [(key: String, requestHash: String)]
    func sealCall(_ key: String, as sealed: String, requestHash: String) throws(StoreError)
    /// Keeps of them only that they came.
    /// - Returns: How many they are.
    func eraseCalls(about subject: CallSubject) throws(StoreError) -> Int
}

/// Whom calls are about.
package enum CallSubject: Sendable {
    case user(String)
    case customers([String])
}

/// A call as the database has it.
package struct CallRow: Sendable {
    package var key: String
    package var requestHash: String
    /// `nil`: it was written before keys were sealed.
    package var method: String?
    package var userId: String?
    package var customerId: String?
    package var createdAt: Milliseconds
    package var isDone = false
    package var answer: JSONObject?
    package var savedFailures: Int64 = 0
    package var isOfEarlierLife = false
    package var isErased = false

    package init(
        key: String, requestHash: String, method: String?, userId: String?, customerId: String?, createdAt: Milliseconds
    ) {
        self.key = key
        self.requestHash = requestHash
        self.method = method
        self.userId = userId
        self.customerId = customerId
        self.createdAt = createdAt
    }
}
