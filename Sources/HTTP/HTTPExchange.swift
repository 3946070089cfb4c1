package enum HTTPMethod: String, Sendable { case get = "GET", post = "POST", delete = "DELETE" }

package struct HTTPRequest: Sendable {
    package var method: HTTPMethod
    /// Absolute, percent-encoded, with its query.
    package var url: String
    /// Names as they go on the wire. Values hold secrets: never log them.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// Asked, on any thread, at the last moment before the request goes out; if not, it ends as `.heldBack`.
    package var mayBeSent: (@Sendable () -> Bool)?

    package init(
        method: HTTPMethod, url: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
        mayBeSent: (@Sendable () -> Bool)? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.mayBeSent = mayBeSent
    }
}

package struct HTTPResponse: Sendable {
    package var status: Int
    /// Names in lower case.
    package var headers: [String: String]
    package var body: [UInt8]

    package init(status: Int, headers: [String: String] = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// Why there is no response.
package struct HTTPFailure: Error, Sendable, Equatable {
    package enum Kind: String, Sendable {
        /// The host's name has no address: DNS, or a mistyped name.
        case unresolved
        /// The host is there and refuses: nothing listens on the port, or a firewall answers for it.
        case refused
        /// A proxy that the environment names can't be reached or doesn't let the request through.
        case proxy
        /// A proxy wants a user and a password, or others than it was given.
        case proxyCredentials
        /// No connection for any other reason.
        case cannotConnect
        /// Something is there, and no TLS session could be agreed on with it: it speaks plain http, or an old TLS.
        case handshake
        case timedOut, connectionLost, truncated, responseTooLarge, tls, shutDown, invalidRequest
        /// It was not to be sent any more: `mayBeSent`.
        case heldBack
    }
    package var kind: Kind
    /// The request may have reached the server: what it did there is unknown.
    package var outcomeUnknown: Bool
    /// For the log; holds no secret.
    package var detail: String

    package init(kind: Kind, outcomeUnknown: Bool, detail: String) {
        self.kind = kind
        self.outcomeUnknown = outcomeUnknown
        self.detail = detail
    }
}

/// One bounded request and its response: the seam at which the sandbox takes the network's place.
package protocol HTTPExchange: Sendable {
    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse
}
