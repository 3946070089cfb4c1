import SQLite

/// Which part of a list is asked for: https://docs.stripe.com/api/pagination
struct Pagination {
    enum Cursor { case after(String), before(String) }

    let limit: Int
    let cursor: Cursor?

    static let parameters = ["ending_before", "expand", "limit", "starting_after"]

    init(_ parameters: FormFields) throws(StripeFailure) {
        limit = try Self.limit(parameters)
        switch (parameters["starting_after"]?.text, parameters["ending_before"]?.text) {
        case (nil, nil): cursor = nil
        case (let id?, nil): cursor = .after(id)
        case (nil, let id?): cursor = .before(id)
        case (_?, _?):
            throw StripeFailure(
                param: "ending_before", message: "You can't use both `starting_after` and `ending_before`")
        }
    }

    /// "Limit can range between 1 and 100, and the default is 10."
    static func limit(_ parameters: FormFields) throws(StripeFailure) -> Int {
        guard let value = parameters["limit"] else { return 10 }
        guard let text = value.text, let limit = Int(text) else {
            throw StripeFailure.invalidInteger("limit", "Invalid integer: \(value.text ?? "")")
        }
        guard limit >= 1 else {
            throw StripeFailure.invalidInteger(
                "limit", "This value must be greater than or equal to 1 (it currently is '\(limit)').")
        }
        guard limit <= 100 else {
            throw StripeFailure.invalidInteger(
                "limit", "This value must be less than or equal to 100 (it currently is '\(limit)').")
        }
        return limit
    }
}

/// The rows of one table that a list or search may show, newest first.
struct Listing {
    let table: String
    /// As Stripe's error has it.
    let kind: String
    private var conditions: [String]
    private var arguments: [SQLiteValue]
    /// Where the page before ended.
    private var place: (created: SQLiteValue, sequence: SQLiteValue)?

    init(_ table: String, kind: String, account: SQLiteValue) {
        self.table = table
        self.kind = kind
        conditions = ["account = ?"]
        arguments = [account]
    }

    mutating func filter(_ condition: String, _ arguments: [SQLiteValue] = []) {
        conditions.append(condition)
        self.arguments += arguments
    }

    /// `created=1` or `created[gte]=1`.
    mutating func filterCreated(_ value: FormValue?) throws(StripeFailure) {
        let operators = ["gt": ">", "gte": ">=", "lt": "<", "lte": "<="]
        let bounds = value?.fields?.members ?? value?.text.map { [("", .text($0))] } ?? []
        for (name, bound) in bounds {
            let param = name.isEmpty ? "created" : "created[\(name)]"
            guard let comparison = name.isEmpty ? "=" : operators[name] else {
                throw StripeFailure.unknownParameter(param)
            }
            guard let text = bound.text, let seconds = Int64(text) else {
                throw StripeFailure.invalidInteger(param, "Invalid integer: \(bound.text ?? "")")
            }
            filter("created \(comparison) ?", [.integer(seconds)])
        }
    }

    /// The answer of a list endpoint.
    func page(_ page: Pagination, url: String, _ connection: inout Connection) throws -> String {
        var listing = self
        var isBackward = false
        switch page.cursor {
        case .after(let id):
            listing.place = try place(of: id, param: "starting_after", &connection)
        case .before(let id):
            isBackward = true
            listing.place = try place(of: id, param: "ending_before", &connection)
        case nil: break
        }
        var objects = try listing.rows(isBackward: isBackward, limit: page.limit + 1, &connection)
            .compactMap { $0.text(0) }
        let hasMore = objects.count > page.limit
        if hasMore { objects.removeLast() }
        if isBackward { objects.reverse() }
        let data = objects.joined(separator: ",")
        return #"{"object":"list","data":[\#(data)],"has_more":\#(hasMore),"url":"\#(url)"}"#
    }

    /// Goes on after this place: for a search, whose pages have no id to start from.
    mutating func start(after created: Int64, _ sequence: Int64) {
        place = (.integer(created), .integer(sequence))
    }

    /// Object, creation time and sequence of up to `limit` rows, from the newest down or from the place upwards.
    func rows(isBackward: Bool = false, limit: Int, _ connection: inout Connection) throws -> [Row] {
        let (direction, comparison) = isBackward ? ("ASC", ">") : ("DESC", "<")
        let select =
            "SELECT object, created, sequence FROM \(table) WHERE \(conditions.joined(separator: " AND "))"
        let order = "ORDER BY created \(direction), sequence \(direction) LIMIT ?"
        guard let place else { return try connection.query("\(select) \(order)", arguments + [.init(limit)]) }
        // Two branches, which SQLite merges: it wouldn't take the index down to the sequence for a row value, and with
        // a clock that stands still all rows are of one second.
        return try connection.query(
            """
            \(select) AND created = ? AND sequence \(comparison) ?
            UNION ALL \(select) AND created \(comparison) ? \(order)
            """, arguments + [place.created, place.sequence] + arguments + [place.created, .init(limit)])
    }

    private func place(
        of id: String, param: String, _ connection: inout Connection
    ) throws -> (created: SQLiteValue, sequence: SQLiteValue) {
        let row = try connection.first(
            "SELECT created, sequence FROM \(table) WHERE account = ? AND id = ?", [arguments[0], .text(id)])
        guard let row else { throw StripeFailure.missing(kind, id, param: param) }
        return (row[0], row[1])
    }
}
