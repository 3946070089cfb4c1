internal import JSON
internal import SQLite

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
    private(set) var conditions: [String]
    private(set) var arguments: [SQLiteValue]

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
            let position = try position(of: id, param: "starting_after", &connection)
            listing.filter("(created, sequence) < (?, ?)", [position[0], position[1]])
        case .before(let id):
            isBackward = true
            let position = try position(of: id, param: "ending_before", &connection)
            listing.filter("(created, sequence) > (?, ?)", [position[0], position[1]])
        case nil: break
        }
        var objects = try listing.rows(isBackward ? "ASC" : "DESC", limit: page.limit + 1, &connection)
            .compactMap { $0.text(0) }
        let hasMore = objects.count > page.limit
        if hasMore { objects.removeLast() }
        if isBackward { objects.reverse() }
        let data = objects.joined(separator: ",")
        return #"{"object":"list","data":[\#(data)],"has_more":\#(hasMore),"url":"\#(url)"}"#
    }

    /// Object, creation time and sequence of up to `limit` rows.
    func rows(_ direction: String, limit: Int, _ connection: inout Connection) throws -> [Row] {
        try connection.query(
            """
            SELECT object, created, sequence FROM \(table) WHERE \(conditions.joined(separator: " AND "))
            ORDER BY created \(direction), sequence \(direction) LIMIT ?
            """, arguments + [.init(limit)])
    }

    private func position(of id: String, param: String, _ connection: inout Connection) throws -> Row {
        let row = try connection.first(
            "SELECT created, sequence FROM \(table) WHERE account = ? AND id = ?", [arguments[0], .text(id)])
        guard let row else { throw StripeFailure.missing(kind, id, param: param) }
        return row
    }
}
