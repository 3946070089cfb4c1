/// The methods about the queue, in the order in which they are published.
enum Sync {
    static let methods: [any ServiceMethod.Type] = [SyncAllUsers.self, GetSyncStatus.self]
}
