package import Environment
import JSON

/// Follows Stripe's pages and sees to it that they come to an end: whoever reads more than one page does so through this.
///
/// A place that comes a second time, a page that promises more and doesn't say where, and pages past every bound end the
/// walk with `.unavailable`. What was read until then is no list: as half of one it would read as "there is no such
/// customer", and that makes a second one.
package struct PageWalk: Sendable {
    /// A list's pages begin with the newest object.
    package enum Direction: Sendable { case older, newer }

    /// From where the next page is to be asked for; `nil` for the first one.
    package private(set) var place: String?
    private let direction: Direction
    /// Every place that was asked for: one text for a hundred objects.
    private var seen: Set<CodePoints>
    private var pages = 0
    private let pagesMax: Int
    /// As the log may show it.
    private let path: String
    private let log: Log

    /// A million objects: more than an account has of anything that is walked without a note of the place.
    package static let pagesMax = 10_000

    fileprivate init(
        _ path: String, _ direction: Direction, from place: String?, pagesMax: Int, log: Log
    ) {
        self.place = place
        self.direction = direction
        self.pagesMax = pagesMax
        self.path = path
        self.log = log
        seen = place.map { [CodePoints($0)] } ?? []
    }

    /// Whether there is another page, at `place`.
    /// - Throws: `.unavailable` when the walk makes no progress, or doesn't end.
    package mutating func goesOn<Element>(after page: Page<Element>) throws(StripeError) -> Bool {
        pages += 1
        guard page.hasMore else { return false }
        guard let next = direction == .older ? page.next : page.previous else { throw failure("no next page") }
        guard seen.insert(CodePoints(next)).inserted else { throw failure("the same page again") }
        guard pages < pagesMax else { throw failure("too many pages") }
        place = next
        return true
    }

    fileprivate func failure(_ reason: String) -> StripeError {
        log(
            .error, "stripe.list_endless",
            ["path": .string(path), "reason": .string(reason), "pages": .number(JSONNumber(pages))])
        return StripeError(.unavailable, detail: "Stripe's list does not come to an end (\(reason))")
    }
}

extension StripeClient {
    /// - Parameters:
    ///   - path: As in the log.
    ///   - place: Where the walk begins, when it went on before.
    package func walk(
        _ path: String, _ direction: PageWalk.Direction = .older, from place: String? = nil,
        pagesMax: Int = PageWalk.pagesMax
    ) -> PageWalk {
        PageWalk(path, direction, from: place, pagesMax: pagesMax, log: log)
    }

    /// What is wanted of a whole list at once, for lists that are short by their nature. They lie in memory, a customer
    /// with some ten kilobytes.
    private static let keptMax = 10_000

    func everything<Element>(
        _ path: String, where isWanted: (Element) -> Bool = { _ in true },
        page: (_ place: String?) async throws(StripeError) -> Page<Element>
    ) async throws(StripeError) -> [Element] {
        var walk = walk(path)
        var wanted: [Element] = []
        while true {
            let page = try await page(walk.place)
            wanted += page.data.filter(isWanted)
            guard try walk.goesOn(after: page) else { return wanted }
            guard wanted.count <= Self.keptMax else { throw walk.failure("too many objects") }
        }
    }
}

// MARK: - Customers

extension StripeClient {
    /// Every customer of a list that is wanted.
    package func everyCustomer(
        email: String? = nil, createdFrom: Milliseconds? = nil, patience: Patience,
        where isWanted: (Customer) -> Bool = { _ in true }
    ) async throws(StripeError) -> [Customer] {
        try await everything("/v1/customers", where: isWanted) { place throws(StripeError) in
            try await listCustomers(
                email: email, limit: 100, startingAfter: place, createdFrom: createdFrom, patience: patience
            ).value
        }
    }

    /// Every customer that a search finds.
    package func everyCustomer(_ query: CustomerQuery, patience: Patience) async throws(StripeError) -> [Customer] {
        try await everything("/v1/customers/search") { place throws(StripeError) in
            try await searchCustomers(query, limit: 100, page: place, patience: patience).value
        }
    }
}
