import JSON
import Stripe

/// Whether there is a key, and Stripe takes it.
enum KeyCheck {
    static let name = "key"

    /// `nil` in the sandbox, which needs none.
    static func form(
        _ options: Options, _ environment: [String: String]
    ) -> Result<SecretKey?, StartFailure> {
        do throws(StartFailure) {
            if options.sandbox {
                try SecretKey.refuseLive(besideSandbox: options, environment)
                return .success(nil)
            }
            return .success(try SecretKey(options, environment: environment))
        } catch {
            return .failure(error)
        }
    }

    /// - Parameter first: what became of the first request under it; `nil` without one.
    static func look(
        _ key: Result<SecretKey?, StartFailure>, first: Result<JSONObject, StripeError>?
    ) -> Finding {
        guard let key = try? key.get() else { return .ok(name, "the sandbox needs none", ["mode": "sandbox"]) }
        let mode = key.isLive ? "live" : "test"
        let kind = "a \(key.isRestricted ? "restricted" : "secret") key of \(mode) mode"
        if case .failure(let error)? = first, error.kind == .authentication {
            return .failed(
                name,
                "Stripe does not accept the key, which has the form of \(kind): it is mistyped, revoked or expired",
                next: "take another from the API keys in Stripe's dashboard", ["mode": .string(mode)])
        }
        return .ok(name, kind, ["mode": .string(mode), "isRestricted": .bool(key.isRestricted)])
    }
}
