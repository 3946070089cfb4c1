package import CustomerService
import JSON
import Schemas

// The methods that are about the process itself.

extension Method {
    /// Answers `{}`: the process is there and reads its input.
    package static let ping = Method(name: "ping", ordering: .free) { _, _ in [:] }

    /// Answers the OpenRPC document.
    package static func discover(version: String) -> Method {
        let document = openRPCDocument(version: version)
        return Method(name: "rpc.discover", ordering: .free) { _, _ in document }
    }
}
