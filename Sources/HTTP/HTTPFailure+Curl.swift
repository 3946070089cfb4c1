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
    ///   - isTunnelRefused: a proxy answered `CONNECT` with something else than a success.
    ///   - systemError: `errno` of the attempt to connect.
    init(
        code: CURLcode, requestStarted: Bool, responseOverflowed: Bool, isTunnelRefused: Bool, systemError: Int,
        target: HTTPTarget, detail: String
    ) {
        let kind: Kind =
            switch code {
            case _ where isTunnelRefused && !requestStarted: .proxy
            case CURLE_COULDNT_RESOLVE_HOST: .unresolved
            case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: .proxy
            case CURLE_COULDNT_CONNECT where !target.isNamed(in: detail): .proxy
            case CURLE_COULDNT_CONNECT where systemError == Int(ECONNREFUSED) && !requestStarted: .refused
            case CURLE_WRITE_ERROR where responseOverflowed: .responseTooLarge
            case CURLE_OPERATION_TIMEDOUT: .timedOut
            case CURLE_PARTIAL_FILE: .truncated
            case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
                CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS,
                CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_ENGINE_INITFAILED:
                .tls
            case CURLE_URL_MALFORMAT: .invalidRequest
            // Only our own callback aborts: `watchForRequestStart`.
            case CURLE_ABORTED_BY_CALLBACK: .heldBack
            default: requestStarted ? .connectionLost : .cannotConnect
            }
        self.init(kind: kind, outcomeUnknown: requestStarted, detail: withoutTiming(detail))
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
