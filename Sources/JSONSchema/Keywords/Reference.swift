import JSON

// Core, section 8: what ties a schema document together.

/// `$ref` to a place in the same document: `#` or `#/…`, a percent-encoded JSON pointer (RFC 6901, section 6).
struct Reference: Keyword {
    /// Which of the document's resolved targets.
    let index: Int

    init(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        let text = try site.string()
        guard text.utf8.first == UInt8(ascii: "#"), let pointer = Self.percentDecoded(text.utf8.dropFirst()),
            pointer.isEmpty || pointer.utf8.first == UInt8(ascii: "/")
        else {
            throw site.error("\(quoted(text)) is not \"#\" or \"#/…\", a JSON pointer into this document")
        }
        index = compiler.addReference(site, to: pointer)
    }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {
        evaluation.apply(evaluation.target(of: self), to: instance, of: "$ref")
    }

    /// `nil` when an escape is cut short or the bytes are no UTF-8.
    private static func percentDecoded(_ text: Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexDigitValue), let low = rest.popFirst().flatMap(hexDigitValue)
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// `$defs`: schemas for references; checked even when none points there.
struct Definitions: Keyword {
    init?(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        _ = try compiler.subschemas(inObject: site)
        return nil
    }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {}
}

/// `$schema`, which must say that this is draft 2020-12.
struct Dialect: Keyword {
    private static let uri = "https://json-schema.org/draft/2020-12/schema"

    init?(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        guard site.isAtRoot else { throw site.error("is allowed only at the root") }
        guard sameCodePoints(try site.string(), Self.uri) else { throw site.error("must be \(quoted(Self.uri))") }
        return nil
    }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {}
}

/// `$id`, a name for the whole document. Inside it would move the base of the references below.
struct Identifier: Keyword {
    init?(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        guard site.isAtRoot else { throw site.error("is allowed only at the root") }
        guard !(try site.string()).utf8.contains(UInt8(ascii: "#")) else {
            throw site.error("must not have a fragment")
        }
        return nil
    }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {}
}
