/// A request as the server read it.
package struct ReceivedRequest: Sendable {
    package var method: String
    /// Without the query; still percent-encoded.
    package var path: String
    /// As it came, without the `?`; empty if there was none.
    package var rawQuery: String
    /// Names in lower case; repeated ones are joined with ", ".
    package var headers: [String: String]
    package var body: [UInt8]
    /// 1 for the first connection that was accepted.
    package var connectionNumber: Int
    /// 1 for the first request of the whole server.
    package var number: Int

    /// The decoded query; of a name that is repeated, the last value.
    package var query: [String: String] { Self.decodeForm(rawQuery.utf8) }

    /// The body read as `application/x-www-form-urlencoded`; of a name that is repeated, the last value.
    package var form: [String: String] { Self.decodeForm(body) }

    private static func decodeForm(_ bytes: some Sequence<UInt8>) -> [String: String] {
        var fields: [String: String] = [:]
        for pair in Array(bytes).split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            fields[percentDecoded(parts[0])] = parts.count == 2 ? percentDecoded(parts[1]) : ""
        }
        return fields
    }

    private static func percentDecoded(_ bytes: ArraySlice<UInt8>) -> String {
        var decoded: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                decoded.append(value)
                rest = rest.dropFirst(2)
            } else {
                decoded.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }
}

/// What the server does with a request. The handler may have carried the request out before it returns one of the
/// failures: "processed, then the answer was lost".
package indirect enum Reply: Sendable {
    /// `Content-Length` is added unless the headers have it; `Connection: close` among them ends the connection.
    case respond(status: Int = 200, headers: [String: String] = [:], body: [UInt8] = [])
    /// Ends the connection with a TCP reset.
    case reset
    /// Ends the connection without a byte.
    case close
    /// Waits, then goes on with the other reply; `nil` closes. `stop()` cuts the wait short.
    case stall(milliseconds: Int, then: Reply? = nil)
    /// Announces the whole body but ends the connection after so many bytes of it.
    case truncate(status: Int = 200, headers: [String: String] = [:], body: [UInt8], after: Int)
    /// Sends the body in pieces with a pause before each.
    case trickle(
        status: Int = 200, headers: [String: String] = [:], body: [UInt8], pieceBytes: Int, pauseMilliseconds: Int)
    /// Sends these bytes as they are and ends the connection.
    case raw([UInt8])

    package static func text(
        _ body: String, status: Int = 200, headers: [String: String] = ["Content-Type": "application/json"]
    ) -> Reply {
        .respond(status: status, headers: headers, body: Array(body.utf8))
    }
}
