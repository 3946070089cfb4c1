/// On whose behalf a call is made, as the host says.
package struct CallActor: Sendable {
    package var id: String
    package var role: String

    package init(id: String, role: String) {
        self.id = id
        self.role = role
    }
}
