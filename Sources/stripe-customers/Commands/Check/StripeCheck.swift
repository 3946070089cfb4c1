import HTTP
import JSON
import Stripe

/// Whether Stripe can be reached.
enum StripeCheck {
    static let name = "stripe"

    static func look(_ options: Options, _ first: Result<JSONObject, StripeError>) -> Finding {
        if options.sandbox { return .ok(name, "the sandbox takes its place") }
        guard case .failure(let error) = first, !isAnswer(error) else {
            return .ok(name, "\(options.apiBase) answers", ["apiBase": .string(options.apiBase)])
        }
        let facts: JSONObject = ["apiBase": .string(options.apiBase)]
        // The paths begin with it: https://docs.stripe.com/api/customers/list
        if error.status != nil, options.apiBase.hasSuffix("/v1") {
            return .failed(
                name, "\(options.apiBase) has no /v1/v1/customers: each path begins with /v1 already",
                next: "leave the /v1 out of --api-base", facts)
        }
        if error.status != nil {
            return .failed(
                name, "\(options.apiBase) answers, but not as Stripe does. \(error.safeMessage)",
                next: "set --api-base to Stripe or to what stands in for it; a proxy in between may be answering, too",
                facts)
        }
        let isLoopback = (try? HTTPTarget(url: options.apiBase))?.isLoopback == true
        return .failed(
            name, "\(options.apiBase) can't be reached. \(error.safeMessage)",
            next: nextStep(error.connection, isLoopback: isLoopback), facts)
    }

    private static func nextStep(_ failure: HTTPFailure.Kind?, isLoopback: Bool) -> String {
        switch failure {
        case .unresolved: "see that --api-base is spelt rightly and this machine's DNS works"
        case .proxy: "set https_proxy to a proxy that lets it through, or no_proxy to the host"
        case .proxyCredentials:
            "give them in https_proxy, http://USER:PASSWORD@HOST:PORT; what is no letter or digit in them as %XX"
        case .handshake: "set --api-base to a port that speaks TLS 1.2 or newer; see that no proxy answers in between"
        case .tls: "install ca-certificates, or name the authority of a proxy that inspects TLS with --ca-file"
        case _ where isLoopback:
            "start what stands in for Stripe there, on that port; see that no firewall blocks it"
        default: "see that nothing blocks the way, such as a firewall; where there is a proxy, set https_proxy"
        }
    }

    /// An error that Stripe itself gave, about the request and not about its path.
    private static func isAnswer(_ error: StripeError) -> Bool {
        switch error.kind {
        case .unavailable, .notFound: false
        case .rejected: !error.isUnknownURL
        default: true
        }
    }
}
