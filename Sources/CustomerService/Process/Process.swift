/// The methods about the process itself, in the order in which they are published.
enum Process {
    static let methods: [any ServiceMethod.Type] = [Ping.self, Health.self, Discover.self]
}
