/// The methods about what is held about somebody, in the order in which they are published.
enum Privacy {
    static let methods: [any ServiceMethod.Type] = [ExportUserData.self, EraseUser.self]
}
