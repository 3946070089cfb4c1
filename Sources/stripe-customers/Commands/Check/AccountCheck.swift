import JSON
import Stripe

/// For which account and mode calls are made.
enum AccountCheck {
    static let name = "account"

    static func look(
        _ options: Options, _ key: SecretKey?, _ probe: StripeProbe, _ first: Result<JSONObject, StripeError>
    ) async -> Finding {
        guard let key else { return .ok(name, "the sandbox's", ["mode": "sandbox"]) }
        let mode = key.isLive ? "live" : "test"
        if let account = options.account, case .failure(let error) = first, error.isForeignAccount {
            return .failed(
                name, "the key has no access to \(account), or there is no such account",
                next:
                    "compare --account with the connected accounts in Stripe's dashboard; without it the key's own is meant",
                ["account": .string(account), "mode": .string(mode)])
        }
        // https://docs.stripe.com/api/accounts/retrieve: of the key, or of `Stripe-Account`. A restricted key mostly may not
        // ask that, and it is of no consequence.
        let told = (try? await probe.read("/v1/account", [:]).get())?["id"]?.string
        if let account = options.account, let told, told != account {
            return .failed(
                name, "Stripe answers for \(told) and not for \(account)",
                next: "see that nothing between here and Stripe drops the header Stripe-Account",
                ["account": .string(told), "mode": .string(mode)])
        }
        var facts: JSONObject = ["mode": .string(mode)]
        let account = told ?? options.account ?? key.account
        facts["account"] = account.map { .string($0) }
        let whose = options.account == nil ? "the key's own account" : "the connected account"
        return .ok(name, "\(whose)\(account.map { ", \($0)" } ?? ""), in \(mode) mode", facts)
    }
}
