import JSON

/// Compares every user with every customer at Stripe, and repairs what is safe when asked to.
enum Reconcile: ServiceMethod {
    static let name = "reconcile"

    struct Params: Decodable, Sendable { var fix: Bool? }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Reconciliation.Report {
        try await Reconciliation(service: service, fixes: params.fix ?? false).run { context.progress(.object($0)) }
    }
}
