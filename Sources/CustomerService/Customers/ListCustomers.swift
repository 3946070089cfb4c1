import JSON
import Stripe

/// Customers as Stripe lists them: newest first.
enum ListCustomers: ServiceMethod {
    static let name = "listCustomers"

    struct Params: Decodable, Sendable {
        var limit: Int?
        var startingAfter: String?
        var email: String?
    }

    struct Answer: Encodable, Sendable {
        var data: [JSONObject]
        var hasMore: Bool
    }

    static func call(
        _ params: Params, _ context: CallContext, _ service: CustomerService
    ) async throws(ServiceError) -> Answer {
        do throws(StripeError) {
            let page = try await service.stripe.listCustomers(
                email: params.email, limit: params.limit ?? 10, startingAfter: params.startingAfter
            ).value
            return Answer(data: page.data.map(\.object), hasMore: page.hasMore)
        } catch {
            // The place in the list is a customer, too.
            guard error.missing == .object(param: "starting_after") else { throw ServiceError(error) }
            var missing = error
            missing.kind = .notFound
            throw ServiceError(missing, customerId: params.startingAfter)
        }
    }
}
