/// Single facts that outlive the process, such as how far a long task has come.
extension CustomerStore {
    package func setting(_ name: String) async throws(StoreError) -> String? {
        try await read { rows throws(StoreError) in try rows.setting(name) }
    }

    /// - Parameter value: `nil` removes the setting.
    package func set(_ name: String, to value: String?) async throws(StoreError) {
        try await write { rows throws(StoreError) in try rows.set(name, to: value) }
    }
}
