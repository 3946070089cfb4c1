import HTTP
import JSON

/// A request as Stripe's router sees it.
struct SandboxRequest: Sendable {
    let method: HTTPMethod
    /// The decoded segments: `["v1", "customers", "cus_1"]`.
    let path: [String]
    /// Query and body together, decoded.
    let pairs: [(name: String, value: String)]
    let parameters: FormFields
    /// The `Stripe-Account`, or empty for the platform itself.
    let account: String
    let idempotencyKey: String?

    /// - Throws: 401 without a well-formed key, 400 for what can't be decoded.
    init(_ request: HTTPRequest) throws(StripeFailure) {
        try checkAuthorization(request.header("authorization"))
        method = request.method
        account = request.header("stripe-account") ?? ""
        // One of white space is none: servers take that off a header's value.
        idempotencyKey = method == .post ? request.header("idempotency-key").flatMap { $0.isEmpty ? nil : $0 } : nil
        if let key = idempotencyKey, key.unicodeScalars.count > 255 {
            throw StripeFailure(message: "Idempotency keys can be at most 255 characters long")
        }

        let (pathText, query) = splitURL(request.url)
        var segments: [String] = []
        for segment in pathText.split(separator: UInt8(ascii: "/")) {
            guard let decoded = percentDecoded(segment, plusIsSpace: false) else {
                throw StripeFailure.unknownRoute(method.rawValue, String(Substring(pathText)))
            }
            segments.append(decoded)
        }
        path = segments

        if !request.body.isEmpty, let type = request.header("content-type"),
            !type.lowercased().hasPrefix("application/x-www-form-urlencoded")
        {
            throw StripeFailure(
                message: "Invalid request (check that your POST content type is application/x-www-form-urlencoded).")
        }
        pairs = try decodeForm(query) + decodeForm(request.body)
        parameters = try FormFields(pairs)
    }

    /// Work of the sandbox itself, in an account's name.
    init(account: String) {
        method = .post
        path = []
        pairs = []
        parameters = FormFields()
        self.account = account
        idempotencyKey = nil
    }

    var pathText: String { "/" + path.joined(separator: "/") }

    /// - Throws: `parameter_unknown` for the first parameter that isn't among `names`.
    func allow(_ names: [String]) throws(StripeFailure) {
        for member in parameters.members where !names.contains(member.name) {
            throw StripeFailure.unknownParameter(member.name)
        }
    }
}

extension HTTPRequest {
    /// The value of the first header with this name; "field names are case-insensitive" (RFC 9110, 5.1) ASCII. "A field
    /// value does not include leading or trailing whitespace" (5.5): to Stripe `" lead"` and `"lead"` are one.
    func header(_ name: String) -> String? {
        let value = headers.first { $0.name.utf8.elementsEqual(name.utf8) { $0 | 0x20 == $1 | 0x20 } }?.value
        guard var rest = value?.utf8[...] else { return nil }
        let isSpace = { (byte: UInt8?) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        while isSpace(rest.first) { rest.removeFirst() }
        while isSpace(rest.last) { rest.removeLast() }
        return String(Substring(rest))
    }
}

/// The path and the query of an absolute URL, still encoded.
private func splitURL(_ url: String) -> (Substring.UTF8View, Substring.UTF8View) {
    let bytes = Substring(url).utf8
    let authority =
        bytes.indices.first { bytes[$0...].starts(with: "://".utf8) }
        .map { bytes[$0...].dropFirst(3) } ?? bytes
    let target = authority.drop { $0 != UInt8(ascii: "/") }.prefix { $0 != UInt8(ascii: "#") }
    let path = target.prefix { $0 != UInt8(ascii: "?") }
    return (path, target[path.endIndex...].dropFirst())
}

/// Any secret or restricted key will do, as long as it looks like one.
private func checkAuthorization(_ header: String?) throws(StripeFailure) {
    guard let header, !header.isEmpty else {
        throw StripeFailure(
            status: 401,
            message: "You did not provide an API key. You need to provide your API key in the Authorization header, "
                + "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').")
    }
    let key = header.hasPrefix("Bearer ") ? header.dropFirst("Bearer ".count) : ""
    guard key.hasPrefix("sk_") || key.hasPrefix("rk_"), key.utf8.count > 8 else {
        throw StripeFailure(status: 401, message: "Invalid API Key provided: ********\(key.suffix(4))")
    }
}
