package import Environment

/// What waits for the operator for one reason.
package struct OperatorWait: Sendable {
    package var errorType: String
    package var error: String
    /// How many users and customers, at most `CustomerStore.operatorWaitsMax` for all reasons together.
    package var changes: Int
    /// When the oldest of them was queued.
    package var since: Milliseconds

    package init(errorType: String, error: String, changes: Int, since: Milliseconds) {
        self.errorType = errorType
        self.error = error
        self.changes = changes
        self.since = since
    }
}

extension CustomerStore {
    /// Past this many the count says enough, and asking stays cheap.
    private static let operatorWaitsMax = 1_000
    private static let operatorReasonsMax = 5

    /// What can't go on before the operator does something, by reason, the commonest first.
    package func waitingForOperator() async throws(StoreError) -> [OperatorWait] {
        try await read { rows throws(StoreError) in
            try rows.operatorWaits(among: Self.operatorWaitsMax, limit: Self.operatorReasonsMax)
        }
    }
}
