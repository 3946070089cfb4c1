/// The limits every request of a `CurlExchange` is held to.
package struct HTTPConfiguration: Sendable {
    /// Time for DNS, TCP and TLS together, in milliseconds; waiting for a free connection counts. Defaults to 10 s.
    package var connectTimeout: Int
    /// Time from the call to the last byte of the response, in milliseconds. Defaults to 80 s, as in Stripe's own
    /// SDKs (https://github.com/stripe/stripe-node#configuration).
    package var totalTimeout: Int
    /// Size of a response body after decompression; a larger one is `HTTPFailure.Kind.responseTooLarge`.
    package var maximumResponseBytes: Int
    /// Size of all header lines of a response; more is `responseTooLarge` too. Stripe sends two kilobytes, and a proxy may
    /// add some.
    package var maximumHeaderBytes: Int
    /// Per host. One is enough where HTTP/2 is spoken, since requests share it.
    package var maximumConnections: Int
    /// Sent unless the request has a `User-Agent` of its own.
    package var userAgent: String
    /// A PEM file with the authorities to trust instead of the system's, e.g. behind a proxy that inspects TLS.
    package var certificateAuthorities: String?

    package init(
        connectTimeout: Int = 10_000, totalTimeout: Int = 80_000, maximumResponseBytes: Int = 16 << 20,
        maximumHeaderBytes: Int = 64 << 10, maximumConnections: Int = 8, userAgent: String = "stripe-customers",
        certificateAuthorities: String? = nil
    ) {
        self.connectTimeout = connectTimeout
        self.totalTimeout = totalTimeout
        self.maximumResponseBytes = maximumResponseBytes
        self.maximumHeaderBytes = maximumHeaderBytes
        self.maximumConnections = maximumConnections
        self.userAgent = userAgent
        self.certificateAuthorities = certificateAuthorities
    }
}
