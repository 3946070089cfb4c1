import CCurl

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension HTTPFailure {
    /// A request that was never handed to libcurl.
    static func invalidRequest(_ detail: String) -> HTTPFailure {
        HTTPFailure(kind: .invalidRequest, outcomeUnknown: false, detail: detail)
    }

    /// What a result other than `CURLE_OK` means to the caller; https://curl.se/libcurl/c/libcurl-errors.html.
    ///
    /// - Parameters:
    ///   - requestStarted: libcurl has begun to send the request at least once. Only this decides `outcomeUnknown`: the
    ///     code of the last error can't, since libcurl repeats a request whose reused connection had died, and the
    ///     repetition may then fail to connect.
    ///   - responseOverflowed: our own callback ended the transfer because header or body passed its limit.
    ///   - tunnelRefusal: the status with which a proxy answered `CONNECT`, where that is no success.
    ///   - systemError: `errno` of the attempt to connect.
    init(
        code: CURLcode, requestStarted: Bool, responseOverflowed: Bool, tunnelRefusal: Int?, systemError: Int,
        target: HTTPTarget, detail: String
    ) {
        let kind: Kind =
            switch code {
            case _ where tunnelRefusal == 407 && !requestStarted: .proxyCredentials
            case _ where tunnelRefusal != nil && !requestStarted: .proxy
            case CURLE_COULDNT_RESOLVE_HOST: .unresolved
            case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: .proxy
            case CURLE_COULDNT_CONNECT where detail.hasPrefix("Unsupported proxy"): .proxy
            case CURLE_COULDNT_CONNECT where !target.isNamed(in: detail): .proxy
            case CURLE_COULDNT_CONNECT where systemError == Int(ECONNREFUSED) && !requestStarted: .refused
            case CURLE_WRITE_ERROR where responseOverflowed: .responseTooLarge
            case CURLE_OPERATION_TIMEDOUT: .timedOut
            case CURLE_PARTIAL_FILE: .truncated
            case CURLE_SSL_CONNECT_ERROR: .handshake
            case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
                CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS,
                CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_ENGINE_INITFAILED:
                .tls
            case CURLE_URL_MALFORMAT: .invalidRequest
            // Only our own callback aborts: `watchForRequestStart`.
            case CURLE_ABORTED_BY_CALLBACK: .heldBack
            default: requestStarted ? .connectionLost : .cannotConnect
            }
        self.init(kind: kind, outcomeUnknown: requestStarted, detail: withoutTiming(withoutCredentials(detail)))
    }
}

extension HTTPTarget {
    /// Whether libcurl's sentence about a connection that failed is about this host and not about a proxy before it:
    /// "Failed to connect to api.stripe.com port 443 after 2 ms: …", in newer versions "… via proxy.example port 3128 …".
    /// A sentence of another form says nothing about a proxy.
    fileprivate func isNamed(in detail: String) -> Bool {
        guard let start = detail.range(of: "Failed to connect to ") else { return true }
        let place = detail[start.upperBound...]
        return !place.contains(" via ")
            && (place.hasPrefix("\(host) port \(port) ") || place.hasPrefix("\(host):\(port) "))
    }
}

/// libcurl repeats the URL of a proxy that it can't use, with the user and the password in it: "Unsupported proxy scheme for
/// 'socks9://u:p@proxy.example'". What stands before the last `@` goes, from the begin of the URL on: a password may hold
/// anything, white space too. A host's own URL never has credentials: `HTTPTarget` refuses them.
package func withoutCredentials(_ detail: String) -> String {
    guard let at = detail.lastIndex(of: "@") else { return detail }
    let before = detail[..<at]
    let quote = before.firstIndex(of: "'").map { detail.index(after: $0) }
    let start = quote ?? detail.startIndex
    var url = detail[start...]
    // Of the scheme nothing is secret. A colon before it belongs to a user and a password without one.
    if let scheme = detail.range(of: "://", from: start), scheme.upperBound <= at,
        detail[start..<scheme.lowerBound].allSatisfy({ $0.isLetter || $0.isNumber || $0 == "+" })
    {
        url = detail[scheme.upperBound...]
    }
    return detail[..<url.startIndex] + "***" + detail[at...]
}

/// The same failure in the same words, each time: "… after 2 ms: …" would make each one new.
private func withoutTiming(_ detail: String) -> String {
    guard let start = detail.range(of: " after "), let end = detail.range(of: " ms", from: start.upperBound),
        detail[start.upperBound..<end.lowerBound].utf8.allSatisfy({ 0x30...0x39 ~= $0 })
    else { return detail }
    return String(detail[..<start.lowerBound] + detail[end.upperBound...])
}

extension String {
    /// Of plain text in a plain text; there is no Foundation here.
    fileprivate func range(of part: String, from start: Index? = nil) -> Range<Index>? {
        var index = start ?? startIndex
        while index < endIndex {
            if self[index...].hasPrefix(part) { return index..<self.index(index, offsetBy: part.count) }
            index = self.index(after: index)
        }
        return nil
    }
}
