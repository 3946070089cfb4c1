/// HTTP over libcurl: one thread of its own runs every request on the connections it keeps, so nothing ever blocks the
/// cooperative pool.
///
/// - A request is sent as it is given and no redirect is followed. `https` is verified against the system's authorities;
///   `http` goes to this machine only (`HTTPTarget`).
/// - **Resending.** When a connection that was kept open turns out dead before the first byte of a response, libcurl
///   sends the request again on a new one, up to five times (`Curl_retry_request` in lib/transfer.c); there is no option
///   to forbid it short of giving up reuse. That is safe here: a POST to Stripe carries an idempotency key, and the
///   repetition has the same key and body; GET and DELETE are idempotent (RFC 9110 section 9.2.2).
/// - **Cancellation.** A request that was handed over runs to its end even if the waiting task is cancelled: a mutation
///   may have happened by then, and its caller has to learn the outcome. `totalTimeout` bounds the wait.
package final class CurlExchange: HTTPExchange {
    private let queue: TransferQueue
    private let thread: JoinableThread

    package init(configuration: HTTPConfiguration = HTTPConfiguration()) {
        let queue = TransferQueue(multi: CurlMulti(maximumConnections: configuration.maximumConnections))
        self.queue = queue
        thread = JoinableThread {
            var loop = TransferLoop(queue: queue, configuration: configuration)
            loop.run()
        }
    }

    package func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        let target = try HTTPTarget(url: request.url)
        try request.checkHeaders()
        let result = await withCheckedContinuation { continuation in
            queue.submit(Submission(request: request, target: target, continuation: continuation))
        }
        return try result.get()
    }

    /// Fails what is under way with `.shutDown` and waits for the end of the thread, which is milliseconds away. Later
    /// requests fail at once. May be called more than once.
    package func shutDown() {
        queue.close()
        thread.join()
    }

    deinit { shutDown() }
}
