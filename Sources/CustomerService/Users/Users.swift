/// The methods about users here, in the order in which they are published.
enum Users {
    static let methods: [any ServiceMethod.Type] = [
        RegisterUser.self, UpdateUser.self, GetUser.self, GetUserByEmail.self, GetUserByCustomerID.self, ListUsers.self,
        DeleteUser.self, LinkCustomer.self, UnlinkCustomer.self,
    ]
}
