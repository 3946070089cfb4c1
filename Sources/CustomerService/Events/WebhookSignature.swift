import Cryptography
import Environment

/// The `Stripe-Signature` header: `t=1492774577,v1=5257a8…,v1=…,v0=…`
/// (https://docs.stripe.com/webhooks#verify-manually).
struct WebhookSignature: Sendable {
    enum Refusal: String, Error {
        case malformed = "The signature header can't be read: hand it on as it came (t=…,v1=…)"
        case mismatch =
            "The signature does not match the payload. Either the body is not what Stripe sent, byte by byte: it must not be parsed and written again, nor re-encoded. Or the secret is another's: each endpoint has its own, and so has the Stripe CLI (stripe listen)"
        case expired =
            "The signature is more than five minutes old, or ahead of the clock here: a delivery that somebody sent again, or one of the two clocks is wrong"
    }

    private let timestamp: Substring
    private let seconds: Int64
    /// "To prevent downgrade attacks, ignore all schemes that aren't v1."
    private let digests: [[UInt8]]

    /// "Our libraries have a default tolerance of 5 minutes". They look only at age; a time that far ahead is no better.
    static let toleranceSeconds: Int64 = 300

    init(_ header: String) throws(Refusal) {
        var timestamps: [Substring] = []
        var digests: [[UInt8]] = []
        for item in header.split(separator: ",") {
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else { continue }
            switch pair[0].drop(while: { $0 == " " }) {
            case "t": timestamps.append(pair[1])
            case "v1": if let digest = Hexadecimal.bytes(pair[1]) { digests.append(digest) }
            default: break
            }
        }
        guard timestamps.count == 1, let timestamp = timestamps.first, let seconds = Int64(timestamp), seconds > 0,
            !digests.isEmpty
        else { throw .malformed }
        self.timestamp = timestamp
        self.seconds = seconds
        self.digests = digests
    }

    /// Every digest is compared with every secret's, each in constant time, so that the time taken says nothing.
    func verify(_ payload: String, secrets: [String], at now: Milliseconds) throws(Refusal) {
        var matches = false
        for secret in secrets {
            let message = Array(timestamp.utf8) + [UInt8(ascii: ".")] + Array(payload.utf8)
            let expected = HMAC.authenticate(message, key: Array(secret.utf8))
            for digest in digests where equalInConstantTime(digest, expected) { matches = true }
        }
        guard matches else { throw .mismatch }
        let (difference, overflow) = (now / 1000).subtractingReportingOverflow(seconds)
        guard !overflow, difference.magnitude <= UInt64(Self.toleranceSeconds) else { throw .expired }
    }
}
