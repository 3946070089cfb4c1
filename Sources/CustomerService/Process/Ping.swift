import Interface
import JSON

/// Whether the process is there and reads its input.
enum Ping: ServiceMethod {
    static let declaration = MethodDeclaration(
        name: "ping", group: .process, effect: .reads, isOpen: true, isTool: false,
        summary: "Answers at once.",
        description: "Shows that the process reads and answers. Needs no rights.",
        params: [],
        result: .fields([]).described("An empty object."),
        errors: [],
        example: .init(params: [:], result: [:]))

    struct Params: Decodable, Sendable {}

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> JSONObject { [:] }
}
