import SQLite

/// A query for customers, `email:"ada@example.com" AND -metadata["plan"]:"free"`:
/// https://docs.stripe.com/search#search-query-language
struct SearchQuery {
    private enum Field: Equatable { case email, name, phone, created, metadata(String) }

    private struct Clause {
        let isNegated: Bool
        let field: Field
        /// `:` equals, `~` contains, or a comparison.
        let comparison: String
        /// `nil` for the bare word `null`.
        let value: String?
    }

    private var clauses: [Clause] = []
    private var isOr = false

    /// "You can have up to 10 clauses in a query."
    private static let clausesMax = 10

    /// - Throws: 400 for what the language doesn't have. "You can't combine AND and OR in the same query."
    init(_ text: String) throws(StripeFailure) {
        var scanner = Scanner(text)
        var connectives: Set<String> = []
        while true {
            clauses.append(try Self.clause(&scanner))
            scanner.skipSpace()
            if scanner.isAtEnd { break }
            let word = scanner.hasWord("AND") ? "AND" : scanner.hasWord("OR") ? "OR" : nil
            if let word { scanner.skip(word.utf8.count) }
            // "If you don't specify an operator, AND is assumed."
            connectives.insert(word ?? "AND")
        }
        guard connectives.count <= 1, clauses.count <= Self.clausesMax else { throw scanner.failure }
        isOr = connectives.contains("OR")
    }

    private static func clause(_ scanner: inout Scanner) throws(StripeFailure) -> Clause {
        scanner.skipSpace()
        let isNegated = scanner.take("-")
        let field = try field(&scanner)
        guard let comparison = [">=", "<=", ">", "<", ":", "~"].first(where: { scanner.take($0) }) else {
            throw scanner.failure
        }
        guard let value = scanner.quoted() else {
            let word = scanner.word()
            if word == "null" && comparison == ":" && field != .created {
                return Clause(isNegated: isNegated, field: field, comparison: comparison, value: nil)
            }
            guard field == .created, comparison != "~", Int64(word) != nil else { throw scanner.failure }
            return Clause(isNegated: isNegated, field: field, comparison: comparison, value: word)
        }
        // "Substring match … requires a minimum of 3 characters", and only numbers are compared.
        let isFit =
            switch (comparison, field) {
            case (_, .created): Int64(value) != nil && comparison != "~"
            case ("~", .metadata): false
            case ("~", _): value.unicodeScalars.count >= 3
            case (":", _): true
            default: false
            }
        guard isFit else { throw scanner.failure }
        return Clause(isNegated: isNegated, field: field, comparison: comparison, value: value)
    }

    private static func field(_ scanner: inout Scanner) throws(StripeFailure) -> Field {
        switch scanner.word() {
        case "email": return .email
        case "name": return .name
        case "phone": return .phone
        case "created": return .created
        case "metadata":
            guard scanner.take("["), let key = scanner.quoted(), scanner.take("]") else { throw scanner.failure }
            return .metadata(key)
        default: throw scanner.failure
        }
    }

    // MARK: SQL

    /// Search is without regard to case: Stripe's finds an email however it is spelled.
    func filter(_ customers: inout Listing) {
        let parts = clauses.map(Self.condition)
        let sql = parts.map(\.sql).joined(separator: isOr ? " OR " : " AND ")
        customers.filter("(\(sql))", parts.flatMap(\.arguments))
    }

    private static func condition(_ clause: Clause) -> (sql: String, arguments: [SQLiteValue]) {
        var (column, arguments) = column(clause.field)
        switch (clause.comparison, clause.value) {
        case (_, nil): column += " IS NULL"
        case (":", let value?) where clause.field == .created:
            column += " = ?"
            arguments.append(.init(Int64(value)))
        case (":", let value?):
            column += " = lower(?)"
            arguments.append(.text(value))
        case ("~", let value?):
            column = "instr(\(column), lower(?)) > 0"
            arguments.append(.text(value))
        case (let comparison, let value?):
            column += " \(comparison) ?"
            arguments.append(.init(Int64(value)))
        }
        return (clause.isNegated ? "NOT coalesce(\(column), 0)" : column, arguments)
    }

    /// Written exactly as in the indices of the schema, so that SQLite finds them.
    private static func column(_ field: Field) -> (sql: String, arguments: [SQLiteValue]) {
        switch field {
        case .email: ("lower(email)", [])
        case .name: ("lower(json_extract(object, '$.name'))", [])
        case .phone: ("lower(json_extract(object, '$.phone'))", [])
        case .created: ("created", [])
        case .metadata("userId"): ("lower(json_extract(object, '$.metadata.userId'))", [])
        case .metadata(let key):
            ("(SELECT lower(value) FROM json_each(object, '$.metadata') WHERE key = ?)", [.text(key)])
        }
    }
}

/// Reads the words of a query from left to right.
private struct Scanner {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = Substring(text).utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    var failure: StripeFailure {
        StripeFailure(
            param: "query",
            message: "We were unable to parse your search query. Try using the format `metadata[\"key\"]:\"value\"` to "
                + "query for metadata or key:\"value\" to query for other fields.")
    }

    mutating func skipSpace() { rest = rest.drop { $0 == UInt8(ascii: " ") } }
    mutating func skip(_ count: Int) { rest = rest.dropFirst(count) }

    func hasWord(_ word: String) -> Bool {
        rest.starts(with: word.utf8) && rest.dropFirst(word.utf8.count).first == UInt8(ascii: " ")
    }

    mutating func take(_ text: String) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }

    mutating func word() -> String {
        let word = rest.prefix { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || byte == 0x5f
        }
        rest = rest[word.endIndex...]
        return String(Substring(word))
    }

    /// A text in single or double quotes, in which a backslash escapes the next character; `nil` when there is none.
    mutating func quoted() -> String? {
        guard let quote = rest.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return nil }
        var text: [UInt8] = []
        var bytes = rest.dropFirst()
        while let byte = bytes.popFirst() {
            if byte == quote {
                rest = bytes
                return String(decoding: text, as: UTF8.self)
            }
            guard byte == UInt8(ascii: "\\") else {
                text.append(byte)
                continue
            }
            guard let escaped = bytes.popFirst() else { return nil }
            text.append(escaped)
        }
        return nil
    }
}
