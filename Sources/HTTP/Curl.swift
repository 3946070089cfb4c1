import CCurl
import Environment

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

// The owners of libcurl's two kinds of handle, in one file because no raw pointer leaves it.

/// Owner of one `CURL *`: one request at a time, used again after `reset()`.
///
/// "You must never share the same handle in multiple threads" (https://curl.se/libcurl/c/libcurl-thread.html): a handle
/// is made, used and freed on the thread of its `CurlMulti`, so the class is deliberately not `Sendable`.
final class CurlEasy {
    fileprivate let handle: UnsafeMutableRawPointer
    private var headers: UnsafeMutablePointer<curl_slist>?
    private let errorText: UnsafeMutablePointer<CChar>

    private var mayBeSent: (@Sendable () -> Bool)?
    /// libcurl has begun to send the request, maybe more than once. Until then nothing can have happened at the server.
    private(set) var requestStarted = false
    private(set) var body: [UInt8] = []
    private var headerLines = HeaderLines(maximumBytes: 0)
    /// Header or body passed its limit.
    private(set) var responseOverflowed = false
    private var maximumBodyBytes = 0
    #if os(Linux)
        private var userTimeout: UInt32 = 0
    #endif

    init() {
        // NULL means that memory is exhausted, which Swift treats as the end of the process everywhere else too.
        guard let easy = curl_easy_init() else { endExhausted("libcurl has no memory for a request") }
        handle = easy
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(headers)
        errorText.deallocate()
    }

    /// Forgets the request and every option. "It does not change the following information kept in the handle: live
    /// connections, the Session ID cache, the DNS cache …" (https://curl.se/libcurl/c/curl_easy_reset.html)
    func reset() {
        curl_easy_reset(handle)
        curl_slist_free_all(headers)
        headers = nil
        errorText[0] = 0
        requestStarted = false
        mayBeSent = nil
        body = []
        headerLines = HeaderLines(maximumBytes: 0)
        responseOverflowed = false
    }

    // MARK: Options with memory or callbacks behind them; the plain ones are in CurlEasy+Options.swift

    func set(_ option: CURLoption, _ value: Int) throws(CurlError) {
        try CurlError.check(ccurl_easy_setopt_long(handle, option, value))
    }

    /// libcurl copies strings (https://curl.se/libcurl/c/curl_easy_setopt.html).
    func set(_ option: CURLoption, _ value: String) throws(CurlError) {
        try CurlError.check(ccurl_easy_setopt_string(handle, option, value))
    }

    func unset(_ option: CURLoption) throws(CurlError) {
        try CurlError.check(ccurl_easy_setopt_pointer(handle, option, nil))
    }

    /// Each line is `Name: value`. https://curl.se/libcurl/c/CURLOPT_HTTPHEADER.html: "libcurl does not copy the entire
    /// list": it lives until the next `reset()`.
    func setHeaders(_ lines: [String]) throws(CurlError) {
        for line in lines {
            guard let longer = curl_slist_append(headers, line) else { throw CurlError(code: CURLE_OUT_OF_MEMORY) }
            headers = longer
        }
        try CurlError.check(ccurl_easy_setopt_list(handle, CURLOPT_HTTPHEADER, headers))
    }

    /// https://curl.se/libcurl/c/CURLOPT_COPYPOSTFIELDS.html: copied, so that the array is free to go; also makes the
    /// request a POST.
    func setCopyPostFields(_ bytes: [UInt8]) throws(CurlError) {
        try set(CURLOPT_POSTFIELDSIZE, bytes.count)
        // A null pointer means "get the data from the read callback", so an empty body needs an address too.
        let result = (bytes.isEmpty ? [0] : bytes).withUnsafeBytes { bytes in
            ccurl_easy_setopt_pointer(
                handle, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.baseAddress))
        }
        try CurlError.check(result)
    }

    /// https://curl.se/libcurl/c/CURLOPT_ERRORBUFFER.html
    func collectErrorText() throws(CurlError) {
        try CurlError.check(ccurl_easy_setopt_pointer(handle, CURLOPT_ERRORBUFFER, errorText))
    }

    /// https://curl.se/libcurl/c/CURLOPT_WRITEFUNCTION.html: a count other than the one delivered ends the transfer with
    /// `CURLE_WRITE_ERROR`, and so no more than `maximumBytes` are ever held.
    func collectBody(maximumBytes: Int) throws(CurlError) {
        maximumBodyBytes = maximumBytes
        try setPointerToSelf(CURLOPT_WRITEDATA)
        try CurlError.check(
            ccurl_easy_setopt_write_function(handle) { bytes, _, count, easy in
                guard let bytes, let easy else { return 0 }
                return CurlEasy.at(easy).append(UnsafeRawBufferPointer(start: bytes, count: count)) ? count : 0
            })
    }

    /// https://curl.se/libcurl/c/CURLOPT_HEADERFUNCTION.html: "called by libcurl as soon as it has received header data …
    /// once for each header and only complete header lines are passed on", and ends the transfer as the body's does.
    func collectHeaders(maximumBytes: Int) throws(CurlError) {
        headerLines = HeaderLines(maximumBytes: maximumBytes)
        try setPointerToSelf(CURLOPT_HEADERDATA)
        try CurlError.check(
            ccurl_easy_setopt_header_function(handle) { bytes, _, count, easy in
                guard let bytes, let easy else { return 0 }
                let line = UnsafeRawBufferPointer(start: bytes, count: count)
                return CurlEasy.at(easy).take(headerLine: line) ? count : 0
            })
    }

    /// https://curl.se/libcurl/c/CURLOPT_PREREQFUNCTION.html: called "after a connection has been established or a
    /// connection has been reused (including any SSL handshaking), but before any request is actually made".
    /// - Parameter mayBeSent: Asked then, also before libcurl sends the request once more on a new connection.
    func watchForRequestStart(_ mayBeSent: (@Sendable () -> Bool)?) throws(CurlError) {
        self.mayBeSent = mayBeSent
        try setPointerToSelf(CURLOPT_PREREQDATA)
        try CurlError.check(
            ccurl_easy_setopt_prereq_function(handle) { easy, _, _, _, _ in
                guard let easy else { return CURL_PREREQFUNC_ABORT }
                if let mayBeSent = CurlEasy.at(easy).mayBeSent, !mayBeSent() { return CURL_PREREQFUNC_ABORT }
                CurlEasy.at(easy).requestStarted = true
                return CURL_PREREQFUNC_OK
            })
    }

    /// Lets the kernel give up a connection whose peer has been silent for `milliseconds` while data was on its way to it.
    ///
    /// On HTTP/2 a request that times out does not close its connection (other streams use it), so without this limit
    /// every later request would join the dead one until TCP's own retransmissions end, a quarter of an hour later.
    /// https://man7.org/linux/man-pages/man7/tcp.7.html, https://curl.se/libcurl/c/CURLOPT_SOCKOPTFUNCTION.html
    func setUserTimeout(milliseconds: Int) throws(CurlError) {
        #if os(Linux)
            userTimeout = UInt32(clamping: milliseconds)
            try setPointerToSelf(CURLOPT_SOCKOPTDATA)
            try CurlError.check(
                ccurl_easy_setopt_sockopt_function(handle) { easy, socket, _ in
                    guard let easy else { return CURL_SOCKOPT_ERROR }
                    var limit = CurlEasy.at(easy).userTimeout
                    let size = socklen_t(MemoryLayout.size(ofValue: limit))
                    // A kernel without the option does as before: the result is not needed.
                    setsockopt(socket, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &limit, size)
                    return CURL_SOCKOPT_OK
                })
        #endif
    }

    private func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count <= maximumBodyBytes - body.count else {
            responseOverflowed = true
            return false
        }
        body.append(contentsOf: bytes)
        return true
    }

    private func take(headerLine: UnsafeRawBufferPointer) -> Bool {
        let isTaken = headerLines.take(headerLine)
        if !isTaken { responseOverflowed = true }
        return isTaken
    }

    /// Unretained: libcurl calls back only while the handle is attached to a `CurlMulti`, which retains this object.
    private func setPointerToSelf(_ option: CURLoption) throws(CurlError) {
        let pointer = Unmanaged.passUnretained(self).toOpaque()
        try CurlError.check(ccurl_easy_setopt_pointer(handle, option, pointer))
    }

    private static func at(_ pointer: UnsafeMutableRawPointer) -> CurlEasy {
        Unmanaged<CurlEasy>.fromOpaque(pointer).takeUnretainedValue()
    }

    // MARK: What came back

    /// https://curl.se/libcurl/c/CURLINFO_RESPONSE_CODE.html
    var status: Int {
        var status = 0
        ccurl_easy_getinfo_long(handle, CURLINFO_RESPONSE_CODE, &status)
        return status
    }

    /// https://curl.se/libcurl/c/CURLINFO_OS_ERRNO.html: of the connection that failed last.
    var systemError: Int {
        var error = 0
        ccurl_easy_getinfo_long(handle, CURLINFO_OS_ERRNO, &error)
        return error
    }

    /// https://curl.se/libcurl/c/CURLINFO_HTTP_CONNECTCODE.html: 0 where no proxy answered.
    /// - Returns: the status with which a proxy refused to let the request through.
    var tunnelRefusal: Int? {
        var status = 0
        ccurl_easy_getinfo_long(handle, CURLINFO_HTTP_CONNECTCODE, &status)
        return status == 0 || (200..<300).contains(status) ? nil : status
    }

    /// Those of the last response, without trailers; names in lower case.
    var responseHeaders: [String: String] { headerLines.headers }

    /// libcurl's sentence about the failure: names hosts, ports and counts, never headers or bodies of the request.
    func describe(_ code: CURLcode) -> String {
        errorText[0] == 0 ? String(cString: curl_easy_strerror(code)) : String(cString: errorText)
    }
}

/// Owner of one `CURLM *`: the connections, and the requests that share them.
///
/// `@unchecked Sendable` by this rule: every method is called on the one thread that runs the transfers, except `wakeUp`,
/// for which "this function can be called from any thread" (https://curl.se/libcurl/c/curl_multi_wakeup.html). The last
/// reference may go on any thread, once that thread has ended.
final class CurlMulti: @unchecked Sendable {
    private let handle: UnsafeMutableRawPointer
    /// The attached handles, retained for libcurl's callbacks.
    private var attached: [UnsafeMutableRawPointer: CurlEasy] = [:]

    /// To be called once before all else, and a static is; thread-safe since 7.84
    /// (https://curl.se/libcurl/c/curl_global_init.html).
    private static let globalInit = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

    init(maximumConnections: Int) {
        guard Self.globalInit == CURLE_OK else {
            endExhausted("libcurl can't be set up (code \(Self.globalInit.rawValue))")
        }
        // It needs descriptors as well: for `wakeUp`.
        guard let multi = curl_multi_init() else { endExhausted("libcurl has no memory or no descriptors") }
        handle = multi
        // https://curl.se/libcurl/c/CURLMOPT_PIPELINING.html: HTTP/2 requests share a connection.
        ccurl_multi_setopt_long(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX)
        // https://curl.se/libcurl/c/CURLMOPT_MAX_HOST_CONNECTIONS.html: what is over the limit waits in order.
        ccurl_multi_setopt_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, maximumConnections)
        // https://curl.se/libcurl/c/CURLMOPT_MAXCONNECTS.html: how many idle ones are kept open.
        ccurl_multi_setopt_long(multi, CURLMOPT_MAXCONNECTS, maximumConnections)
    }

    /// "curl_multi_cleanup should be called when all easy handles are removed"
    /// (https://curl.se/libcurl/c/curl_multi_cleanup.html).
    deinit {
        for easy in attached.keys { curl_multi_remove_handle(handle, easy) }
        curl_multi_cleanup(handle)
    }

    func add(_ easy: CurlEasy) throws(CurlError) {
        guard curl_multi_add_handle(handle, easy.handle) == CURLM_OK else { throw CurlError(code: CURLE_FAILED_INIT) }
        attached[easy.handle] = easy
    }

    /// Ends the request if it is under way.
    func remove(_ easy: CurlEasy) {
        curl_multi_remove_handle(handle, easy.handle)
        attached[easy.handle] = nil
    }

    /// Moves every request on as far as it goes without blocking.
    func perform() {
        var running: Int32 = 0
        curl_multi_perform(handle, &running)
    }

    /// The next request that has ended, and how; it stays attached until `remove`.
    func nextFinished() -> (CurlEasy, CURLcode)? {
        var left: Int32 = 0
        while let message = curl_multi_info_read(handle, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = attached[message.pointee.easy_handle] else {
                continue
            }
            return (easy, message.pointee.data.result)
        }
        return nil
    }

    /// Sleeps until a socket is ready, one of libcurl's timers runs out, `wakeUp` is called or `milliseconds` are over.
    func poll(milliseconds: Int32) {
        curl_multi_poll(handle, nil, 0, milliseconds, nil)
    }

    /// Ends the `poll` under way or, if there is none, the next one.
    func wakeUp() {
        curl_multi_wakeup(handle)
    }
}

/// A result of libcurl other than `CURLE_OK`.
struct CurlError: Error {
    var code: CURLcode

    static func check(_ code: CURLcode) throws(CurlError) {
        guard code == CURLE_OK else { throw CurlError(code: code) }
    }
}
