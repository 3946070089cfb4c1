extension JSONValue {
    /// Appends the value as JSON text without spaces, on one line for every line reader.
    ///
    /// Besides what RFC 8259 demands, DEL and the line breaks of Unicode (U+0085, U+2028, U+2029) are escaped: Node's
    /// `readline` and Python's `str.splitlines()` end a line at them. A number stays as it was written.
    package func write(to output: inout [UInt8]) {
        write(to: &output, sortedKeys: false)
    }

    /// The value as JSON text; `sortedKeys` orders members by code point at every level.
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

private func writeJSONString(_ string: String, to output: inout [UInt8]) {
    var string = string
    output.append(UInt8(ascii: "\""))
    string.withUTF8 { utf8 in
        /// Where the bytes begin that go out as they are and have not gone yet.
        var start = 0
        var position = 0
        while position < utf8.count {
            let (length, escape) = escape(at: position, of: utf8)
            if let escape {
                output.append(contentsOf: utf8[start..<position])
                output.append(contentsOf: escape.utf8)
                start = position + length
            }
            position += length
        }
        output.append(contentsOf: utf8[start...])
    }
    output.append(UInt8(ascii: "\""))
}

/// How many bytes to move on, and what to write in their place if they can't stay.
private func escape(at position: Int, of utf8: UnsafeBufferPointer<UInt8>) -> (length: Int, escape: String?) {
    switch utf8[position] {
    case UInt8(ascii: "\""): return (1, "\\\"")
    case UInt8(ascii: "\\"): return (1, "\\\\")
    case 0x08: return (1, "\\b")
    case 0x09: return (1, "\\t")
    case 0x0A: return (1, "\\n")
    case 0x0C: return (1, "\\f")
    case 0x0D: return (1, "\\r")
    case let control where control < 0x20:
        return (1, (control < 0x10 ? "\\u000" : "\\u00") + String(control, radix: 16))
    case 0x7F: return (1, "\\u007f")
    // A lead byte is followed by its whole sequence: a Swift string is always well-formed UTF-8.
    case 0xC2: return (2, utf8[position + 1] == 0x85 ? "\\u0085" : nil)
    case 0xE2 where utf8[position + 1] == 0x80:
        return (3, utf8[position + 2] == 0xA8 ? "\\u2028" : utf8[position + 2] == 0xA9 ? "\\u2029" : nil)
    default: return (1, nil)
    }
}
