/// The key with which Stripe is called: from the file that `--api-key-file` names, else from the environment. It is
/// never an argument, since everybody on the machine can read those.
struct SecretKey: Sendable {
    /// Never to be logged or put into a message.
    let value: String

    /// - Throws: a configuration failure when there is no key, or something else in its place.
    init(_ options: Options, environment: [String: String]) throws(StartFailure) {
        let text: String
        if let path = options.apiKeyFile {
            text = try readFirstLine(path)
        } else if let variable = environment["STRIPE_API_KEY"], !variable.isEmpty {
            text = variable
        } else {
            throw StartFailure(
                .configuration, "no Stripe key: set STRIPE_API_KEY, give --api-key-file PATH, or use --sandbox")
        }
        // https://docs.stripe.com/keys: secret keys and restricted keys, each for test mode and live mode.
        let isKey = ["sk_test_", "sk_live_", "rk_test_", "rk_live_"].contains { text.hasPrefix($0) }
        guard isKey, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw StartFailure(.configuration, "the Stripe key is not a secret key (sk_test_…, sk_live_…, rk_…)")
        }
        value = text
    }

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

/// The first line of a small file, without white space around it.
private func readFirstLine(_ path: String) throws(StartFailure) -> String {
    let end = UInt8(ascii: "\n")
    let contents = try SmallFile(option: "--api-key-file", path: path, bytesMax: 4096).read(until: end)
    let isSpace = { (byte: UInt8) in byte <= 0x20 }
    let text = contents.prefix { $0 != end }.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
    return String(decoding: Array(text), as: UTF8.self)
}
