import Interface
import JSON
import Synchronization

/// The service as an OpenRPC document: the same as `describe` prints.
enum Discover: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "rpc.discover", group: .process, effect: .reads, isOpen: true, isTool: false,
        summary: "Describes every method as an OpenRPC document.",
        description: "The same as `stripe-customers describe`. Needs no rights.",
        params: [],
        result: .fields(
            [
                .required(
                    "openrpc", .string.matching(#"^1\.4\."#),
                    "The version of the OpenRPC specification: 1.4 and a third number."),
                .required(
                    "info",
                    .fields(
                        [
                            .required("title", .string, "The name of the process."),
                            .required("version", .string, "The version of the process."),
                        ], isOpen: nil), "Title and version."),
                .required("methods", .list(of: .object.and("required", ["name", "params"])), "The methods."),
                .optional("components", .object, "Schemas and errors that the methods refer to."),
            ], isOpen: true
        ).described("An OpenRPC document (https://spec.open-rpc.org)."),
        errors: [],
        example: .init(
            params: [:],
            result: ["openrpc": "1.4.1", "info": ["title": "stripe-customers", "version": "1.0.0"], "methods": []]))

    struct Params: Decodable, Sendable {}

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> JSONValue { service.discovery.document }
}

/// The document, which is made when it is first asked for.
final class Discovery: Sendable {
    private let version: String
    private let made: Mutex<JSONValue?> = Mutex(nil)

    init(version: String) { self.version = version }

    var document: JSONValue {
        made.withLock { made in
            let document = made ?? openRPCDocument(of: CustomerService.description, version: version)
            made = document
            return document
        }
    }
}
