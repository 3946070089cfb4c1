package import JSON

/// What goes to the host: each as one line, without its line break.
package enum Response {
    package static func result(_ id: RequestID, _ result: JSONValue) -> [UInt8] {
        line(["jsonrpc": "2.0", "id": id.json, "result": result])
    }

    package static func error(_ id: RequestID, _ error: ErrorObject) -> [UInt8] {
        line(["jsonrpc": "2.0", "id": id.json, "error": error.json])
    }

    package static func notification(_ method: String, _ params: JSONValue) -> [UInt8] {
        line(["jsonrpc": "2.0", "method": .string(method), "params": params])
    }

    /// The answers to a batch, or `nil` when nothing is to be sent: "the Server MUST NOT return an empty Array and should
    /// return nothing at all" (section 6).
    ///
    /// - Parameter answers: what `result` and `error` gave, in any order.
    package static func batch(_ answers: [[UInt8]]) -> [UInt8]? {
        guard !answers.isEmpty else { return nil }
        // One piece of memory: they may be tens of megabytes.
        var line: [UInt8] = []
        line.reserveCapacity(answers.reduce(2) { $0 + $1.count + 1 })
        line.append(UInt8(ascii: "["))
        for (index, answer) in answers.enumerated() {
            if index > 0 { line.append(UInt8(ascii: ",")) }
            line += answer
        }
        line.append(UInt8(ascii: "]"))
        return line
    }

    private static func line(_ message: JSONValue) -> [UInt8] { message.serialized() }
}
