/// The bounds of the wire, told to hosts so that they can set theirs (Python's `asyncio` reads 64 KiB lines by
/// default, Go's `bufio.Scanner` too).
package enum WireLimits {
    package static let lineBytes = 8 << 20
    /// Bytes of a batch's answers; past it the other requests are refused.
    package static let batchAnswerBytes = 64 << 20
}
