extension JSONValue {
    /// The value as JSON text without spaces, on one line for every line reader; `sortedKeys` orders members by code
    /// point at every level.
    ///
    /// Besides what RFC 8259 demands, DEL and the line breaks of Unicode (U+0085, U+2028, U+2029) are escaped: Node's
    /// `readline` and Python's `str.splitlines()` end a line at them. A number stays as it was written.
    package func serialized(sortedKeys: Bool = false) -> [UInt8] {
        var output: [UInt8] = []
        write(to: &output, sortedKeys: sortedKeys)
        return output
    }

    private func write(to output: inout [UInt8], sortedKeys: Bool) {
        switch self {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(true): output.append(contentsOf: "true".utf8)
        case .bool(false): output.append(contentsOf: "false".utf8)
        case .number(let number): output.append(contentsOf: number.text.utf8)
        case .string(let string): writeJSONString(string, to: &output)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                element.write(to: &output, sortedKeys: sortedKeys)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let object):
            // UTF-8 keeps the order of code points.
            let members =
                sortedKeys
                ? object.members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) } : object.members
            output.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                writeJSONString(member.name, to: &output)
                output.append(UInt8(ascii: ":"))
                member.value.write(to: &output, sortedKeys: sortedKeys)
            }
            output.append(UInt8(ascii: "}"))
        }
    }
}

extension JSONValue: CustomStringConvertible {
    /// The value as JSON text.
    package var description: String { String(decoding: serialized(), as: UTF8.self) }
}

extension JSONObject: CustomStringConvertible {
    /// The object as JSON text.
    package var description: String { JSONValue.object(self).description }
}

private func writeJSONString(_ string: String, to output: inout [UInt8]) {
    var string = string
    output.append(UInt8(ascii: "\""))
    string.withUTF8 { utf8 in
        /// Where the bytes begin that go out as they are and have not gone yet.
        var start = 0
        for position in utf8.indices {
            guard let (length, escape) = escape(at: position, of: utf8) else { continue }
            output.append(contentsOf: utf8[start..<position])
            output.append(contentsOf: escape.utf8)
            start = position + length
        }
        output.append(contentsOf: utf8[start...])
    }
    output.append(UInt8(ascii: "\""))
}

/// What to write in the place of the character at this position, and how many bytes it has; `nil` when it can stay.
@inline(__always)
private func escape(at position: Int, of utf8: UnsafeBufferPointer<UInt8>) -> (length: Int, escape: String)? {
    switch utf8[position] {
    case UInt8(ascii: "\""): (1, "\\\"")
    case UInt8(ascii: "\\"): (1, "\\\\")
    case 0x08: (1, "\\b")
    case 0x09: (1, "\\t")
    case 0x0A: (1, "\\n")
    case 0x0C: (1, "\\f")
    case 0x0D: (1, "\\r")
    case let control where control < 0x20: (1, (control < 0x10 ? "\\u000" : "\\u00") + String(control, radix: 16))
    case 0x7F: (1, "\\u007f")
    // A lead byte is followed by its whole sequence: a Swift string is always well-formed UTF-8.
    case 0xC2 where utf8[position + 1] == 0x85: (2, "\\u0085")
    case 0xE2 where utf8[position + 1] == 0x80 && utf8[position + 2] == 0xA8: (3, "\\u2028")
    case 0xE2 where utf8[position + 1] == 0x80 && utf8[position + 2] == 0xA9: (3, "\\u2029")
    default: nil
    }
}
