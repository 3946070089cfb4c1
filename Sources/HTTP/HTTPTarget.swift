/// Where a URL leads, decided before libcurl sees it: `https` anywhere, `http` only to this machine, so that a secret
/// key can't leave in clear text because of a mistyped base URL.
///
/// The grammar is RFC 3986's, narrowed to what an API endpoint needs: no user information, no fragment. A URL that this
/// parser and libcurl's could read differently (a space, a backslash, a second `@`) is refused.
package struct HTTPTarget: Equatable, Sendable {
    package enum Scheme: String, Sendable { case http, https }

    package var scheme: Scheme
    /// In lower case; an IPv6 address without its brackets.
    var host: String
    var port: Int

    /// 127.0.0.0/8, ::1 or `localhost`, for which "curl uses loopback IP addresses" and never DNS
    /// (https://curl.se/docs/url-syntax.html, RFC 6761 section 6.3).
    package var isLoopback: Bool {
        host == "localhost" || host == "::1" || Self.isLoopbackIPv4(host)
    }

    /// - Throws: `HTTPFailure` of kind `.invalidRequest`, whose detail says what is wrong without repeating the URL:
    ///   its query may hold an email address.
    package init(url: String) throws(HTTPFailure) {
        guard url.utf8.allSatisfy(Self.isAllowed) else { throw .invalidRequest("the URL has a forbidden character") }
        let lowered = url.lowercased()
        if lowered.hasPrefix("https://") {
            scheme = .https
        } else if lowered.hasPrefix("http://") {
            scheme = .http
        } else {
            throw .invalidRequest("the URL is not https://")
        }
        let rest = lowered.utf8.dropFirst(scheme.rawValue.utf8.count + 3)
        let authority = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        let (host, port) = try Self.parts(ofAuthority: String(Substring(authority)))
        self.host = host
        self.port = port ?? (scheme == .https ? 443 : 80)
        if scheme == .http, !isLoopback { throw .invalidRequest("http:// is for loopback addresses only") }
    }

    /// The host of `host[:port]` or `[IPv6][:port]`.
    private static func parts(ofAuthority authority: String) throws(HTTPFailure) -> (host: String, port: Int?) {
        let host: Substring
        let port: Substring
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { throw .invalidRequest("the URL's host is malformed") }
            host = authority[authority.index(after: authority.startIndex)..<end]
            port = authority[authority.index(after: end)...]
            guard host.utf8.allSatisfy({ isHexDigit($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }) else {
                throw .invalidRequest("the URL's host is malformed")
            }
        } else {
            host = authority.prefix { $0 != ":" }
            port = authority[host.endIndex...]
            guard host.utf8.allSatisfy(isNameCharacter) else { throw .invalidRequest("the URL's host is malformed") }
        }
        guard !host.isEmpty else { throw .invalidRequest("the URL has no host") }
        var number: Int?
        if !port.isEmpty {
            let digits = port.dropFirst()
            guard port.first == ":", digits.utf8.allSatisfy(isDigit), let given = Int(digits), 1...65535 ~= given
            else { throw .invalidRequest("the URL's port is malformed") }
            number = given
        }
        return (String(host), number)
    }

    /// Four plain decimal octets, the first 127: the short and octal forms that `inet_aton` knows are not taken.
    private static func isLoopbackIPv4(_ host: String) -> Bool {
        let octets = host.split(separator: ".", omittingEmptySubsequences: false)
        return octets.count == 4 && octets[0] == "127"
            && octets.allSatisfy { octet in
                octet.utf8.allSatisfy(isDigit) && UInt8(octet) != nil
                    && (octet.utf8.count == 1 || !octet.hasPrefix("0"))
            }
    }

    /// Every character of RFC 3986 but `#` and, in the authority, `@` (checked with the host).
    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "-._~:/?[]@!$&'()*+,;=%".utf8.contains(byte)
        }
    }

    private static func isNameCharacter(_ byte: UInt8) -> Bool {
        isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || "-._".utf8.contains(byte)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte
    }
}
