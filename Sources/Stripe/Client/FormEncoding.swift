package import JSON

/// `application/x-www-form-urlencoded` in Stripe's way, for bodies and queries alike.
///
/// Members keep their order, so the same object gives the same bytes: a retry under an idempotency key must not differ.
///
/// | value | text |
/// |---|---|
/// | `{"a": {"b": 1}}` | `a[b]=1` |
/// | `{"a": ["x", "y"]}` | `a[0]=x&a[1]=y` |
/// | `{"a": null}` | `a=`, which unsets or clears |
/// | `{"a": {}}`, `{"a": []}` | nothing: what has no members says nothing, at any depth; only `null` unsets |
/// | `{"a": 100.0}`, `{"a": 1e2}` | `a=100`: a whole number for JSON Schema, and Stripe reads digits only |
///
/// So an empty result means that the object asks for nothing.
///
/// Brackets are percent-encoded too: `[` may not stand in a query (RFC 3986 section 3.4), and every form parser
/// decodes names before it reads them.
package func formEncoded(_ object: JSONObject) -> String {
    var output: [UInt8] = []
    for member in object.members {
        append(member.value, named: percentEncoded(member.name), to: &output)
    }
    return String(decoding: output, as: UTF8.self)
}

/// Everything but RFC 3986's unreserved characters as `%XX`.
package func percentEncoded(_ text: String) -> String {
    var output: [UInt8] = []
    output.reserveCapacity(text.utf8.count)
    appendPercentEncoded(text, to: &output)
    return String(decoding: output, as: UTF8.self)
}

/// - Parameter name: already encoded.
private func append(_ value: JSONValue, named name: String, to output: inout [UInt8]) {
    switch value {
    case .object(let object):
        for member in object.members {
            append(member.value, named: name + "%5B" + percentEncoded(member.name) + "%5D", to: &output)
        }
    case .array(let values):
        for (index, element) in values.enumerated() {
            append(element, named: name + "%5B\(index)%5D", to: &output)
        }
    case .null: appendPair(name, "", to: &output)
    case .bool(let bool): appendPair(name, bool ? "true" : "false", to: &output)
    case .number(let number): appendPair(name, number.int64.map(String.init) ?? number.text, to: &output)
    case .string(let string): appendPair(name, string, to: &output)
    }
}

private func appendPair(_ name: String, _ value: String, to output: inout [UInt8]) {
    if !output.isEmpty { output.append(UInt8(ascii: "&")) }
    output.append(contentsOf: name.utf8)
    output.append(UInt8(ascii: "="))
    appendPercentEncoded(value, to: &output)
}

private func appendPercentEncoded(_ text: String, to output: inout [UInt8]) {
    for byte in text.utf8 {
        if isUnreserved(byte) {
            output.append(byte)
        } else {
            output.append(UInt8(ascii: "%"))
            output.append(hexDigit(byte >> 4))
            output.append(hexDigit(byte & 0xF))
        }
    }
}

private func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? value + UInt8(ascii: "0") : value - 10 + UInt8(ascii: "A")
}

private func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        true
    default: false
    }
}
