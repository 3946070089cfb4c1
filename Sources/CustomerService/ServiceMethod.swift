import Interface
import JSON

/// One method, one file: what is declared of it, what it takes and gives, and how it is carried out.
///
/// The params have been validated against the declaration before they are decoded.
protocol ServiceMethod: SendableMetatype {
    associatedtype Params: Decodable & Sendable
    associatedtype Answer: Encodable & Sendable

    static var declaration: MethodDeclaration { get }
    /// Of a method that changes something: what it answers to the same call under the same key. `nil`: a key says nothing.
    static var repetition: Repetition? { get }
    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Answer
    /// What an actor may see of the answer that may call the method on itself only. The params have been checked before; this
    /// is for what an answer holds beyond what was asked for.
    static func confined(_ answer: JSONValue, to own: OwnSubject) -> JSONValue
}

extension ServiceMethod {
    static var name: String { declaration.name }
    static var repetition: Repetition? { nil }
    static func confined(_ answer: JSONValue, to own: OwnSubject) -> JSONValue { answer }

    /// The way of every call through the service: counted, recorded, allowed, done once under its key, confined.
    static func method(of service: CustomerService) -> Method {
        Method(declaration) { call throws(ServiceError) in
            do throws(ServiceError) {
                return try await service.metrics.counted(name) { () async throws(ServiceError) in
                    try await service.recorded(call, of: declaration) { own async throws(ServiceError) in
                        let answer = try await answer(call, own, service)
                        return own.map { confined(answer, to: $0) } ?? answer
                    }
                }
            } catch {
                throw error.about(call.subject)
            }
        }
    }

    private static func answer(
        _ call: Call, _ own: OwnSubject?, _ service: CustomerService
    ) async throws(ServiceError) -> JSONValue {
        let params: Params
        do throws(DecodingError) { params = try JSONValue.object(call.params).decoded() } catch {
            throw ServiceError(error)
        }
        let context = CallContext(call, own: own)
        guard let repetition, let key = service.hostKey(of: call, name) else {
            return try encoded(try await self.call(params, context, service))
        }
        return try await service.once(key, repetition, context) { context throws(ServiceError) in
            try encoded(try await self.call(params, context, service))
        }
    }
}

func encoded(_ answer: some Encodable) throws(ServiceError) -> JSONValue {
    do { return try JSONValue(encoding: answer) } catch {
        throw ServiceError(.internalError, "The result could not be encoded")
    }
}

extension ServiceError {
    /// The schema let through what the type does not take: a fault of ours, answered like one of the host's.
    init(_ error: DecodingError) {
        self.init(.invalidParams, "The params could not be read")
    }
}
