package import JSON

/// What is held about a user.
extension CustomerStore {
    /// Every row about the user in the tables of this process, by table; the user's own row is `user(_:)`.
    package func rows(about userId: String) async throws(StoreError) -> JSONObject {
        try await read { rows throws(StoreError) in try rows.rows(about: userId) }
    }
}
