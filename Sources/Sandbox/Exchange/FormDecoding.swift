import JSON

/// A parameter as Stripe reads it: a text, or what stood in brackets.
indirect enum FormValue: Sendable {
    case text(String)
    case fields(FormFields)

    var text: String? { if case .text(let value) = self { value } else { nil } }
    var fields: FormFields? { if case .fields(let value) = self { value } else { nil } }
}

/// `a[b]=1&a[c]=2` as a tree, in the order of the request. List items, `a[]=1` or `a[0]=1`, are fields with an empty or
/// a numeric name.
struct FormFields: Sendable {
    private(set) var members: [(name: String, value: FormValue)] = []
    /// Where the members with a name are.
    private var positions: [CodePoints: Int] = [:]

    /// More than any Stripe parameter has.
    private static let depthMax = 8

    subscript(_ name: String) -> FormValue? { positions[CodePoints(name)].map { members[$0].value } }

    /// The members' texts, for a list.
    var texts: [String] { members.compactMap(\.value.text) }

    /// - Throws: A name with unbalanced brackets, or nested too deep.
    init(_ pairs: [(name: String, value: String)]) throws(StripeFailure) {
        for pair in pairs {
            guard let path = Self.path(pair.name), path.count <= Self.depthMax else {
                throw StripeFailure(param: pair.name, message: "Invalid parameter name: \(pair.name)")
            }
            insert(pair.value, at: path[...])
        }
    }

    init() {}

    /// Of two texts for one name the last one counts.
    private mutating func insert(_ text: String, at path: ArraySlice<String>) {
        guard let name = path.first else { return }
        let index = position(of: name)
        let rest = path.dropFirst()
        guard !rest.isEmpty else {
            members[index].value = .text(text)
            return
        }
        var fields = members[index].value.fields ?? FormFields()
        // Taken out, so that the fields have one owner and are not copied.
        members[index].value = .text("")
        fields.insert(text, at: rest)
        members[index].value = .fields(fields)
    }

    /// Of the member of this name, or of a new one.
    private mutating func position(of name: String) -> Int {
        if let known = positions[CodePoints(name)], !name.isEmpty { return known }
        members.append((name, .text("")))
        if !name.isEmpty { positions[CodePoints(name)] = members.count - 1 }
        return members.count - 1
    }

    /// `a[b][c]` as `["a", "b", "c"]`.
    private static func path(_ name: String) -> [String]? {
        let parts = name.utf8.split(separator: UInt8(ascii: "["), omittingEmptySubsequences: false)
        guard let first = parts.first, !first.contains(UInt8(ascii: "]")) else { return nil }
        var path = [String(Substring(first))]
        for part in parts.dropFirst() {
            guard part.firstIndex(of: UInt8(ascii: "]")) == part.indices.last else { return nil }
            path.append(String(Substring(part.dropLast())))
        }
        return path
    }
}

/// The pairs of an `application/x-www-form-urlencoded` text (https://url.spec.whatwg.org/#urlencoded-parsing), decoded.
/// - Throws: A broken escape, or bytes that aren't UTF-8.
func decodeForm(_ bytes: some Collection<UInt8>) throws(StripeFailure) -> [(name: String, value: String)] {
    var pairs: [(name: String, value: String)] = []
    for part in bytes.split(separator: UInt8(ascii: "&")) {
        let sides = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = percentDecoded(sides[0]), let value = sides.count > 1 ? percentDecoded(sides[1]) : "" else {
            throw StripeFailure(message: "Invalid request: the parameters aren't percent-encoded UTF-8")
        }
        pairs.append((name, value))
    }
    return pairs
}

func percentDecoded(_ bytes: some Collection<UInt8>, plusIsSpace: Bool = true) -> String? {
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    var input = bytes.makeIterator()
    while let byte = input.next() {
        switch byte {
        case UInt8(ascii: "+") where plusIsSpace: output.append(UInt8(ascii: " "))
        case UInt8(ascii: "%"):
            guard let high = input.next().flatMap(hexDigit), let low = input.next().flatMap(hexDigit) else {
                return nil
            }
            output.append(high << 4 | low)
        default: output.append(byte)
        }
    }
    return String(validating: output, as: UTF8.self)
}

private func hexDigit(_ byte: UInt8) -> UInt8? {
    Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init)
}
