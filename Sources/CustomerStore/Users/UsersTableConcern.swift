/// What a session can work with, and somebody should know before it begins: a rule or a row of the users table for which calls
/// will fail, each for itself. Holds counts, names of columns and ids, and nothing else that a row says.
package struct UsersTableConcern: Sendable, Equatable {
    package let cause: String
    package let remedy: String

    package init(cause: String, remedy: String) {
        self.cause = cause
        self.remedy = remedy
    }
}
