package import CustomerService
import JSON
import Schemas
import Synchronization

// The methods that are about the process itself.

extension Method {
    /// Answers `{}`: the process is there and reads its input.
    package static let ping = Method(name: "ping", ordering: .free) { _, _ in [:] }

    /// Answers the OpenRPC document, which is made when it is first asked for: that takes longer than the rest of a start.
    package static func discover(version: String) -> Method {
        let document = Deferred { openRPCDocument(version: version) }
        return Method(name: "rpc.discover", ordering: .free) { _, _ in document.value }
    }
}

/// A value that is made once, by whoever needs it first.
private final class Deferred: Sendable {
    private let made: Mutex<JSONValue?> = Mutex(nil)
    private let make: @Sendable () -> JSONValue

    init(_ make: @escaping @Sendable () -> JSONValue) { self.make = make }

    var value: JSONValue {
        made.withLock { made in
            let value = made ?? make()
            made = value
            return value
        }
    }
}
