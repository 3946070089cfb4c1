import CCurl

// One method for each option, with the page that defines it.
extension CurlEasy {
    /// https://curl.se/libcurl/c/CURLOPT_URL.html
    func setURL(_ url: String) throws(CurlError) { try set(CURLOPT_URL, url) }

    /// https://curl.se/libcurl/c/CURLOPT_PROTOCOLS_STR.html: libcurl itself refuses every other scheme.
    func allow(_ scheme: HTTPTarget.Scheme) throws(CurlError) { try set(CURLOPT_PROTOCOLS_STR, scheme.rawValue) }

    /// https://curl.se/libcurl/c/CURLOPT_PATH_AS_IS.html: `/../` is sent as it stands, not resolved.
    func keepPathAsIs() throws(CurlError) { try set(CURLOPT_PATH_AS_IS, 1) }

    /// https://curl.se/libcurl/c/CURLOPT_FOLLOWLOCATION.html: a redirect could carry the key to another host.
    func forbidRedirects() throws(CurlError) { try set(CURLOPT_FOLLOWLOCATION, 0) }

    /// https://curl.se/libcurl/c/CURLOPT_HTTPGET.html
    func setGet() throws(CurlError) { try set(CURLOPT_HTTPGET, 1) }

    /// https://curl.se/libcurl/c/CURLOPT_CUSTOMREQUEST.html
    func setMethod(_ method: HTTPMethod) throws(CurlError) { try set(CURLOPT_CUSTOMREQUEST, method.rawValue) }

    /// https://curl.se/libcurl/c/CURLOPT_USERAGENT.html
    func setUserAgent(_ name: String) throws(CurlError) { try set(CURLOPT_USERAGENT, name) }

    /// https://curl.se/libcurl/c/CURLOPT_ACCEPT_ENCODING.html: "" stands for every encoding this libcurl can decode.
    func acceptEveryEncoding() throws(CurlError) { try set(CURLOPT_ACCEPT_ENCODING, "") }

    /// https://curl.se/libcurl/c/CURLOPT_SSL_VERIFYPEER.html and
    /// https://curl.se/libcurl/c/CURLOPT_SSL_VERIFYHOST.html: the defaults, said aloud.
    func verifyTLS() throws(CurlError) {
        try set(CURLOPT_SSL_VERIFYPEER, 1)
        try set(CURLOPT_SSL_VERIFYHOST, 2)
    }

    /// https://curl.se/libcurl/c/CURLOPT_SSLVERSION.html: TLS 1.2 or newer, which is what Stripe accepts.
    func requireTLS12() throws(CurlError) { try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)) }

    /// https://curl.se/libcurl/c/CURLOPT_CAINFO.html, and without the folder that this libcurl was built to trust beside
    /// it: https://curl.se/libcurl/c/CURLOPT_CAPATH.html
    func trustOnly(file: String) throws(CurlError) {
        try set(CURLOPT_CAINFO, file)
        // A TLS library that has no such folders doesn't know the option, and then there is nothing to leave out.
        try? unset(CURLOPT_CAPATH)
    }

    /// https://curl.se/libcurl/c/CURLOPT_HTTP_VERSION.html: HTTP/2 where TLS negotiates it. A libcurl without HTTP/2
    /// refuses the option and speaks HTTP/1.1, which is all right.
    func preferHTTP2() { try? set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS)) }

    /// https://curl.se/libcurl/c/CURLOPT_PIPEWAIT.html: requests that start together wait for the first connection and
    /// share it, instead of opening one each.
    func waitForSharedConnection() throws(CurlError) { try set(CURLOPT_PIPEWAIT, 1) }

    /// https://curl.se/libcurl/c/CURLOPT_HTTP_VERSION.html
    func useHTTP1() throws(CurlError) { try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1)) }

    /// https://curl.se/libcurl/c/CURLOPT_PROXY.html: "" is no proxy, even if `http_proxy` or `all_proxy` name one.
    func forbidProxy() throws(CurlError) { try set(CURLOPT_PROXY, "") }

    /// https://curl.se/libcurl/c/CURLOPT_NETRC.html: the default, said aloud: no credentials from files.
    func ignoreNetrc() throws(CurlError) { try set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue)) }

    /// https://curl.se/libcurl/c/CURLOPT_CONNECTTIMEOUT_MS.html
    func setConnectTimeout(milliseconds: Int) throws(CurlError) { try set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds) }

    /// https://curl.se/libcurl/c/CURLOPT_TIMEOUT_MS.html
    func setTotalTimeout(milliseconds: Int) throws(CurlError) { try set(CURLOPT_TIMEOUT_MS, milliseconds) }

    /// https://curl.se/libcurl/c/CURLOPT_NOSIGNAL.html: needed where there is more than one thread.
    func forbidSignals() throws(CurlError) { try set(CURLOPT_NOSIGNAL, 1) }

    /// https://curl.se/libcurl/c/CURLOPT_TCP_NODELAY.html
    func disableNagle() throws(CurlError) { try set(CURLOPT_TCP_NODELAY, 1) }

    /// https://curl.se/libcurl/c/CURLOPT_TCP_KEEPALIVE.html: probes an idle connection, so that NATs keep it and a dead
    /// one is found before a request is sent on it.
    func keepAlive(idleSeconds: Int, intervalSeconds: Int) throws(CurlError) {
        try set(CURLOPT_TCP_KEEPALIVE, 1)
        try set(CURLOPT_TCP_KEEPIDLE, idleSeconds)
        try set(CURLOPT_TCP_KEEPINTVL, intervalSeconds)
    }
}
