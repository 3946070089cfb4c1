/// Why a text is not JSON, and at which byte of it.
package struct JSONSyntaxError: Error, Sendable {
    package let offset: Int
    package let reason: String
    package init(offset: Int, reason: String) {
        self.offset = offset
        self.reason = reason
    }
}

extension JSONValue {
    /// Reads one JSON text, strictly.
    package init(parsing bytes: some Collection<UInt8>, maximumDepth: Int = 128) throws(JSONSyntaxError) {
        throw JSONSyntaxError(offset: 0, reason: "skeleton")
    }

    /// Appends the value as JSON text, without spaces, safe for every line reader.
    package func write(to output: inout [UInt8]) {}

    /// The value as JSON text; `sortedKeys` orders members by code point at every level.
    package func serialized(sortedKeys: Bool = false) -> [UInt8] { [] }
}
