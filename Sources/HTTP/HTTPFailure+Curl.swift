internal import CCurl

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
    init(code: CURLcode, requestStarted: Bool, responseOverflowed: Bool, detail: String) {
        let kind: Kind =
            switch code {
            case CURLE_WRITE_ERROR where responseOverflowed: .responseTooLarge
            case CURLE_OPERATION_TIMEDOUT: .timedOut
            case CURLE_PARTIAL_FILE: .truncated
            case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
                CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS,
                CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_ENGINE_INITFAILED:
                .tls
            case CURLE_URL_MALFORMAT: .invalidRequest
            default: requestStarted ? .connectionLost : .cannotConnect
            }
        self.init(kind: kind, outcomeUnknown: requestStarted, detail: detail)
    }
}
