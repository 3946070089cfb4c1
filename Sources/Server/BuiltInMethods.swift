package import CustomerService
import JSON
import Schemas

// The methods that are about the process itself.

extension Method {
    /// Answers `{}`: the process is there and reads its input.
    package static let ping = Method(name: "ping", ordering: .free) { _, _ in [:] }

    /// Answers the OpenRPC document, which is made when it is asked for: that takes longer than the rest of a start.
    package static func discover(version: String) -> Method {
        Method(name: "rpc.discover", ordering: .free) { _, _ in openRPCDocument(version: version) }
    }
}
