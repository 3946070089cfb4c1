import JSON

/// A secret as somebody pasted it into a variable or a file. White space around it, such as the line end of a file, is left
/// out, since nobody means it. Anything else that doesn't belong there is told, neither guessed away nor quoted.
struct PastedSecret: Sendable {
    let text: String

    init(_ pasted: some StringProtocol) {
        let bytes = pasted.utf8.drop(while: Self.isWhiteSpace).reversed().drop(while: Self.isWhiteSpace).reversed()
        text = String(decoding: Array(bytes), as: UTF8.self)
    }

    /// What is wrong with it, in words that go on from "the secret".
    struct Fault: Sendable, Equatable {
        var cause: String
        var remedy: String

        init(_ cause: String, _ remedy: String) {
            self.cause = cause
            self.remedy = remedy
        }
    }

    /// - Parameter beginnings: with what such a secret begins.
    /// - Returns: what stands around it or in it that is no part of it; `nil` if nothing does.
    func blemish(before beginnings: [String]) -> Fault? {
        let scalars = text.unicodeScalars
        if text.utf8.contains(0) { return Fault("is saved as UTF-16", "save the file as plain UTF-8") }
        if scalars.first == "\u{FEFF}" {
            return Fault("has a byte order mark before it", "save the file as plain UTF-8")
        }
        if [scalars.first, scalars.last].contains(where: { $0.map(Self.quotationMarks.contains) == true }) {
            return Fault("has quotation marks around it", "leave them out")
        }
        if ["…", "...", "***"].contains(where: text.contains) {
            return Fault("is shortened, as Stripe's dashboard shows it", "reveal it there and copy the whole")
        }
        if let start = beginnings.compactMap({ text.firstRange(of: $0)?.lowerBound }).min(), start > text.startIndex {
            let isNamed = text[..<start].contains("=")
            return Fault(
                "has \(isNamed ? "a name before it (NAME=…)" : "something before it")", "give the secret alone")
        }
        if text.utf8.contains(where: Self.isWhiteSpace) {
            return Fault("has white space in it", "give the secret alone, in one line")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return Fault(
                "has a character in it that no secret of Stripe's has, maybe an invisible one", "copy it again")
        }
        return nil
    }

    private static let quotationMarks: Set<Unicode.Scalar> = ["\"", "'", "`", "“", "”", "„", "‘", "’", "«", "»"]

    private static func isWhiteSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

extension PastedSecret {
    /// Whether a secret was given where a path is expected: a path is repeated in messages, and a secret never. An API key
    /// has no slash, so `./sk_test_key` is the way to name such a file.
    static func isSecret(_ path: String) -> Bool {
        masked(path) == "***" && (path.hasPrefix("whsec_") || !path.utf8.contains(UInt8(ascii: "/")))
    }

    /// What is said in place of the path.
    /// - Parameter option: Where it was given.
    static func refusal(of option: String, _ code: ExitCode = .configuration) -> StartFailure {
        StartFailure(
            code, "what \(option) was given looks like a key, not a path",
            remedy: "put the key into a file and give the file's path")
    }
}

/// The first line of a small file that holds a secret.
func pastedLine(_ option: String, _ path: String) throws(StartFailure) -> PastedSecret {
    let end = UInt8(ascii: "\n")
    let contents = try SmallFile(option: option, path: path, bytesMax: 4096).read(until: end)
    return PastedSecret(String(decoding: contents.prefix { $0 != end }, as: UTF8.self))
}
