import CCurl

extension CurlEasy {
    /// Sets everything for one request; the handle is fresh or has been `reset()`.
    func prepare(_ request: HTTPRequest, to target: HTTPTarget, configuration: HTTPConfiguration) throws(CurlError) {
        try collectErrorText()
        try collectHeaders(maximumBytes: configuration.maximumHeaderBytes)
        try collectBody(maximumBytes: configuration.maximumResponseBytes)
        try watchForRequestStart(request.mayBeSent)

        try setURL(request.url)
        try allow(target.scheme)
        try keepPathAsIs()
        try forbidRedirects()
        try ignoreNetrc()
        if target.isLoopback { try forbidProxy() }

        try setUserAgent(configuration.userAgent)
        try acceptEveryEncoding()
        try setHeaders(request.headerLines)
        if request.method == .post || !request.body.isEmpty {
            try setCopyPostFields(request.body)
        } else {
            try setGet()
        }
        try setMethod(request.method)

        try setConnectTimeout(milliseconds: configuration.connectTimeout)
        try setTotalTimeout(milliseconds: configuration.totalTimeout)
        try forbidSignals()
        try disableNagle()
        try keepAlive(idleSeconds: 30, intervalSeconds: 10)
        try setUserTimeout(milliseconds: 20_000)

        switch target.scheme {
        case .https:
            try verifyTLS()
            try requireTLS12()
            if let file = configuration.certificateAuthorities { try trustOnly(file: file) }
            preferHTTP2()
            try waitForSharedConnection()
        case .http:
            try useHTTP1()
        }
    }
}

extension HTTPRequest {
    /// The lines in libcurl's notation: `Name;` sends an empty value, `Name:` leaves the header out. Without the last
    /// line libcurl would hold a body of more than 1 MiB back until a `100 Continue` arrives, or a second has passed.
    /// https://curl.se/libcurl/c/CURLOPT_HTTPHEADER.html
    var headerLines: [String] {
        headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" } + ["Expect:"]
    }

    /// Refuses what could end one header and begin another: a name is a token and a value is visible ASCII, spaces and
    /// tabs (RFC 9110 sections 5.1 and 5.5, without the obsolete bytes over 0x7F).
    func checkHeaders() throws(HTTPFailure) {
        for (name, value) in headers {
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isTokenCharacter) else {
                throw .invalidRequest("a header name is not a token")
            }
            guard value.utf8.allSatisfy({ 0x20...0x7E ~= $0 || $0 == 0x09 }) else {
                throw .invalidRequest("the value of the header \(name) has a forbidden character")
            }
        }
    }

    private static func isTokenCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
