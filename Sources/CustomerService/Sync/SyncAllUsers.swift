import JSON

/// Brings every user in line with Stripe. Those that are cost one local read, so a run that was killed is simply
/// started again.
enum SyncAllUsers: ServiceMethod {
    static let name = "syncAllUsers"

    struct Params: Decodable, Sendable { var dryRun: Bool? }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Backfill.Summary {
        let backfill = Backfill(service: service, isDryRun: params.dryRun ?? false)
        return try await backfill.run { done in
            context.progress(["users": .number(JSONNumber(done.users)), "failed": .number(JSONNumber(done.failed))])
        }
    }
}
