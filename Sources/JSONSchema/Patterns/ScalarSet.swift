/// A set of code points, as a character class describes it.
struct ScalarSet: Sendable {
    private indirect enum Content: Sendable {
        case range(ClosedRange<UInt32>)
        case categories(Set<Unicode.GeneralCategory>)
        case property(@Sendable (Unicode.Scalar.Properties) -> Bool)
        case union([Content])
        case complement(Content)

        func contains(_ scalar: Unicode.Scalar) -> Bool {
            switch self {
            case .range(let range): range.contains(scalar.value)
            case .categories(let categories): categories.contains(scalar.properties.generalCategory)
            case .property(let property): property(scalar.properties)
            case .union(let parts): parts.contains { $0.contains(scalar) }
            case .complement(let content): !content.contains(scalar)
            }
        }
    }

    private let content: Content
    /// The same for ASCII, where nearly all questions are: bit n of the pair is code point n.
    private let ascii: (low: UInt64, high: UInt64)

    private init(_ content: Content) {
        self.content = content
        func bits(from start: UInt8) -> UInt64 {
            (0..<64).reduce(0) { $0 | (content.contains(Unicode.Scalar(start + $1)) ? 1 << UInt64($1) : 0) }
        }
        ascii = (bits(from: 0), bits(from: 64))
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<64: ascii.low >> UInt64(scalar.value) & 1 == 1
        case 64..<128: ascii.high >> UInt64(scalar.value - 64) & 1 == 1
        default: content.contains(scalar)
        }
    }

    init(_ range: ClosedRange<Unicode.Scalar>) { self.init(.range(range.lowerBound.value...range.upperBound.value)) }
    init(_ scalar: Unicode.Scalar) { self.init(scalar...scalar) }
    init(union parts: [ScalarSet]) { self.init(.union(parts.map(\.content))) }

    var complement: ScalarSet { ScalarSet(.complement(content)) }

    // MARK: The classes of ECMA-262

    /// `\d`
    static let digit = ScalarSet("0"..."9")
    /// `\w`
    static let word = ScalarSet(union: [digit, ScalarSet("a"..."z"), ScalarSet("A"..."Z"), ScalarSet("_")])
    /// https://tc39.es/ecma262/#sec-line-terminators
    private static let lineTerminator = ScalarSet(
        union: [ScalarSet("\n"), ScalarSet("\r"), ScalarSet("\u{2028}"..."\u{2029}")])
    /// `.`
    static let dot = lineTerminator.complement
    /// `\s`: https://tc39.es/ecma262/#sec-white-space and the line terminators.
    static let space = ScalarSet(
        union: [
            lineTerminator, ScalarSet("\t"), ScalarSet("\u{B}"..."\u{C}"), ScalarSet("\u{FEFF}"),
            ScalarSet(.categories([.spaceSeparator])),
        ])

    // MARK: Unicode properties

    /// `\p{…}`: a general category by its short or long name, alone or after `gc=`, or one of a few binary properties.
    /// `nil` for all others, scripts among them, which Swift's standard library doesn't know.
    init?(property expression: String) {
        switch expression {
        case "Any": self.init("\u{0}"..."\u{10FFFF}")
        case "ASCII": self.init("\u{0}"..."\u{7F}")
        case "Alphabetic", "Alpha": self.init(.property(\.isAlphabetic))
        case "Lowercase", "Lower": self.init(.property(\.isLowercase))
        case "Uppercase", "Upper": self.init(.property(\.isUppercase))
        case "White_Space", "space": self.init(.property(\.isWhitespace))
        case "Emoji": self.init(.property(\.isEmoji))
        default:
            let isNamed = { name in ["", "gc=", "General_Category="].contains { expression == $0 + name } }
            let categories = Self.categories.filter { $0.names.contains(where: isNamed) }.map(\.category)
            guard !categories.isEmpty else { return nil }
            self.init(.categories(Set(categories)))
        }
    }

    /// Each category with its own names and those of the groups that it belongs to, from Unicode's
    /// PropertyValueAliases.txt.
    private static let categories: [(category: Unicode.GeneralCategory, names: [String])] = [
        (.uppercaseLetter, ["Lu", "Uppercase_Letter", "LC", "Cased_Letter", "L", "Letter"]),
        (.lowercaseLetter, ["Ll", "Lowercase_Letter", "LC", "Cased_Letter", "L", "Letter"]),
        (.titlecaseLetter, ["Lt", "Titlecase_Letter", "LC", "Cased_Letter", "L", "Letter"]),
        (.modifierLetter, ["Lm", "Modifier_Letter", "L", "Letter"]),
        (.otherLetter, ["Lo", "Other_Letter", "L", "Letter"]),
        (.nonspacingMark, ["Mn", "Nonspacing_Mark", "M", "Mark", "Combining_Mark"]),
        (.spacingMark, ["Mc", "Spacing_Mark", "M", "Mark", "Combining_Mark"]),
        (.enclosingMark, ["Me", "Enclosing_Mark", "M", "Mark", "Combining_Mark"]),
        (.decimalNumber, ["Nd", "Decimal_Number", "digit", "N", "Number"]),
        (.letterNumber, ["Nl", "Letter_Number", "N", "Number"]),
        (.otherNumber, ["No", "Other_Number", "N", "Number"]),
        (.connectorPunctuation, ["Pc", "Connector_Punctuation", "P", "Punctuation", "punct"]),
        (.dashPunctuation, ["Pd", "Dash_Punctuation", "P", "Punctuation", "punct"]),
        (.openPunctuation, ["Ps", "Open_Punctuation", "P", "Punctuation", "punct"]),
        (.closePunctuation, ["Pe", "Close_Punctuation", "P", "Punctuation", "punct"]),
        (.initialPunctuation, ["Pi", "Initial_Punctuation", "P", "Punctuation", "punct"]),
        (.finalPunctuation, ["Pf", "Final_Punctuation", "P", "Punctuation", "punct"]),
        (.otherPunctuation, ["Po", "Other_Punctuation", "P", "Punctuation", "punct"]),
        (.mathSymbol, ["Sm", "Math_Symbol", "S", "Symbol"]),
        (.currencySymbol, ["Sc", "Currency_Symbol", "S", "Symbol"]),
        (.modifierSymbol, ["Sk", "Modifier_Symbol", "S", "Symbol"]),
        (.otherSymbol, ["So", "Other_Symbol", "S", "Symbol"]),
        (.spaceSeparator, ["Zs", "Space_Separator", "Z", "Separator"]),
        (.lineSeparator, ["Zl", "Line_Separator", "Z", "Separator"]),
        (.paragraphSeparator, ["Zp", "Paragraph_Separator", "Z", "Separator"]),
        (.control, ["Cc", "Control", "cntrl", "C", "Other"]),
        (.format, ["Cf", "Format", "C", "Other"]),
        (.surrogate, ["Cs", "Surrogate", "C", "Other"]),
        (.privateUse, ["Co", "Private_Use", "C", "Other"]),
        (.unassigned, ["Cn", "Unassigned", "C", "Other"]),
    ]
}
