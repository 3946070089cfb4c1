/// The key with which Stripe is called: from the file that `--api-key-file` names, else from the environment. It is
/// never an argument, since everybody on the machine can read those.
struct SecretKey: Sendable {
    /// Never to be logged or put into a message.
    let value: String
    /// `STRIPE_API_KEY`, or the file's option.
    let source: String

    /// - Throws: a configuration failure when there is no key, or something else in its place.
    init(_ options: Options, environment: [String: String]) throws(StartFailure) {
        let pasted: PastedSecret
        let place: String
        if let path = options.apiKeyFile {
            pasted = try pastedLine("--api-key-file", path)
            place = "the file of --api-key-file"
        } else if let variable = environment["STRIPE_API_KEY"], !variable.isEmpty {
            pasted = PastedSecret(variable)
            place = "STRIPE_API_KEY"
        } else {
            throw StartFailure(
                .configuration, "no Stripe key",
                remedy: "set STRIPE_API_KEY, give --api-key-file PATH, or use --sandbox")
        }
        if let fault = Self.fault(pasted) {
            throw StartFailure(.configuration, "the Stripe key in \(place) \(fault.cause)", remedy: fault.remedy)
        }
        value = pasted.text
        source = place
    }

    /// Whoever gives a live key means the real Stripe, and nothing of the sandbox's ever gets there. A test key is often left
    /// in the environment and is no matter.
    static func refuseLive(besideSandbox options: Options, _ environment: [String: String]) throws(StartFailure) {
        guard let key = try? SecretKey(options, environment: environment), key.isLive else { return }
        throw StartFailure(
            .configuration, "a live key together with --sandbox, where nothing reaches Stripe",
            remedy: "leave --sandbox out to work at Stripe, or take the key away")
    }

    /// https://docs.stripe.com/keys: secret keys and restricted keys, each for test mode and live mode.
    private static let beginnings = ["sk_test_", "sk_live_", "rk_test_", "rk_live_"]

    /// What else is copied from the same pages, and where that belongs.
    private static let others: KeyValuePairs = [
        "sk_org_": PastedSecret.Fault(
            "is an organization's (sk_org_…), which needs --context, and this version has no such option yet",
            "use a secret key of the account itself (sk_test_…, sk_live_…, rk_…)"),
        "pk_": PastedSecret.Fault(
            "is a publishable key (pk_…), not a secret key", "use one from the same page that begins with sk_ or rk_"),
        "whsec_": PastedSecret.Fault(
            "is a webhook secret (whsec_…)",
            "that belongs in STRIPE_WEBHOOK_SECRET, and the secret key (sk_…, rk_…) here"),
        "acct_": PastedSecret.Fault(
            "is the id of an account (acct_…)", "that belongs behind --account, and the secret key (sk_…, rk_…) here"),
    ]

    /// What is wrong with a key as it stands there; `nil` for one that Stripe may know.
    static func fault(_ pasted: PastedSecret) -> PastedSecret.Fault? {
        let source = "copy one from the API keys in Stripe's dashboard"
        if pasted.text.isEmpty { return PastedSecret.Fault("is empty", source) }
        if let blemish = pasted.blemish(before: beginnings + others.map(\.key)) { return blemish }
        if let beginning = beginnings.first(where: pasted.text.hasPrefix) {
            return pasted.text == beginning ? PastedSecret.Fault("is cut off after \(beginning)", source) : nil
        }
        return others.first { pasted.text.hasPrefix($0.key) }?.value
            ?? PastedSecret.Fault("is not a secret key (sk_test_…, sk_live_…, rk_…)", source)
    }

    var isLive: Bool { value.hasPrefix("sk_live_") || value.hasPrefix("rk_live_") }
    /// It may only do what somebody granted it.
    var isRestricted: Bool { value.hasPrefix("rk_") }

    /// The account whose key it is, where the key tells: since 2019 keys have, after their mode, a `5` and the sixteen
    /// characters that follow `acct_` in the account's id, in about a hundred. Stripe doesn't document it, so a key
    /// of another form is taken as it is. Asking Stripe instead (`GET /v1/account`) would make every start wait for the
    /// network, and restricted keys mostly may not.
    var account: String? {
        let secret = value.dropFirst("sk_test_".count)
        guard secret.utf8.count >= 90, secret.hasPrefix("51") else { return nil }
        return "acct_" + secret.dropFirst().prefix(16)
    }
}
