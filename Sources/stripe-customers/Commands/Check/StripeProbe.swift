import Environment
import HTTP
import JSON
import Stripe
import Synchronization

/// Reads of Stripe that change nothing, one attempt each and none for long: a person waits.
struct StripeProbe: Sendable {
    private let client: StripeClient
    private let watch: DatedExchange

    static let patience = Patience(maximumAttempts: 1, deadline: 15_000)

    init(_ options: Options, _ environment: [String: String]) throws(StartFailure) {
        var options = options
        // A sandbox of its own, since opening the other one might change its file.
        if options.sandbox { options.database = ":memory:" }
        let (clock, identifiers) = (SystemClock(), RandomIdentifiers())
        let stripe = try StripeSide(options, environment: environment, clock: clock, identifiers: identifiers)
        watch = DatedExchange(stripe.exchange)
        client = StripeClient(
            configuration: stripe.configuration, exchange: watch, clock: clock, identifiers: identifiers, log: .none)
    }

    func read(_ path: String, _ query: JSONObject = ["limit": 1]) async -> Result<JSONObject, StripeError> {
        do throws(StripeError) {
            return .success(try await client.probe(path, query, patience: Self.patience))
        } catch {
            return .failure(error)
        }
    }

    /// How far Stripe's clock is ahead of the machine's, in milliseconds; `nil` before an answer that told the time.
    var clockOffset: Milliseconds? { watch.offset }
}

/// Notes what time it is at the other end.
private final class DatedExchange: HTTPExchange {
    private let exchange: any HTTPExchange
    private let noted = Mutex<Milliseconds?>(nil)

    init(_ exchange: any HTTPExchange) { self.exchange = exchange }

    var offset: Milliseconds? { noted.withLock { $0 } }

    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        let response = try await exchange.send(request)
        if let date = response.headers["date"].flatMap(milliseconds(httpDate:)) {
            let offset = date - SystemClock().now()
            noted.withLock { $0 = offset }
        }
        return response
    }
}
