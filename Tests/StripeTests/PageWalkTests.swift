import Environment
import HTTP
import JSON
import Stripe
import Synchronization
import Testing

/// Answers each list by its number, counted from 1.
private final class Lists: HTTPExchange {
    private let page: @Sendable (Int) -> String
    private let count = Mutex(0)

    init(_ page: @escaping @Sendable (Int) -> String) { self.page = page }

    var requests: Int { count.withLock { $0 } }

    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        let number = count.withLock { count in
            count += 1
            return count
        }
        return HTTPResponse(status: 200, body: Array(page(number).utf8))
    }
}

@Suite("Following pages")
struct PageWalkTests {
    /// Every walk that holds a whole list.
    enum Walk: CaseIterable, Sendable {
        case byEmail, byCreation, search, subscriptions, invoices, activeSubscriptions

        func run(_ stripe: StripeClient) async throws(StripeError) -> StripeReply<Int> {
            let count =
                switch self {
                case .byEmail: try await stripe.everyCustomer(email: "a@b.c", patience: .single).count
                case .byCreation: try await stripe.everyCustomer(createdFrom: 1, patience: .single).count
                case .search: try await stripe.everyCustomer(.email("q"), patience: .single).count
                case .subscriptions: try await stripe.allSubscriptions(customer: "cus_1").count
                case .invoices: try await stripe.allInvoices(customer: "cus_1").count
                case .activeSubscriptions:
                    try await stripe.activeSubscriptionCount(customer: "cus_1", patience: .single).value
                }
            return StripeReply(value: count)
        }

        /// A page with the objects of these numbers; `next` is where a search goes on.
        func page(_ numbers: ClosedRange<Int>?, hasMore: Bool, next: String? = nil) -> String {
            let data = (numbers.map(Array.init) ?? []).map {
                #"{"id":"id_\#($0)","object":"customer","email":"a@b.c","status":"incomplete_expired"}"#
            }
            let kind = self == .search ? "search_result" : "list"
            let place = next.map { #""\#($0)""# } ?? "null"
            return #"{"object":"\#(kind)","data":[\#(data.joined(separator: ","))],"has_more":\#(hasMore),"#
                + #""next_page":\#(place)}"#
        }
    }

    @Test("Three pages are read in three requests", arguments: Walk.allCases)
    func threePages(walk: Walk) async throws {
        let lists = Lists { walk.page($0 * 10...$0 * 10 + 9, hasMore: $0 < 3, next: $0 < 3 ? "p\($0)" : nil) }
        let count = try await walk.run(client(lists)).value
        #expect(count == (walk == .activeSubscriptions ? 0 : 30))
        #expect(lists.requests == 3)
    }

    @Test("The same page again ends a walk with stripe_unavailable, and is logged", arguments: Walk.allCases)
    func samePage(walk: Walk) async throws {
        let lists = Lists { _ in walk.page(1...3, hasMore: true, next: "p") }
        let book = LogBook()
        let error = await errorOf { () throws(StripeError) in try await walk.run(client(lists, log: book.log)) }
        #expect(error?.kind == .unavailable && error?.retryable == true)
        #expect(lists.requests == 2)
        #expect(book.all.contains { $0.hasPrefix("error stripe.list_endless") })
    }

    @Test("Pages that go round in a circle end a walk", arguments: Walk.allCases)
    func circle(walk: Walk) async throws {
        let lists = Lists { number in
            let place = number % 7
            return walk.page(place * 3...place * 3 + 2, hasMore: true, next: "p\(place)")
        }
        let error = await errorOf { () throws(StripeError) in try await walk.run(client(lists)) }
        #expect(error?.kind == .unavailable)
        #expect(lists.requests <= 8)
    }

    @Test("More, but no word of where, is no end of a list", arguments: Walk.allCases)
    func nowhere(walk: Walk) async throws {
        let lists = Lists { _ in walk.page(nil, hasMore: true) }
        let error = await errorOf { () throws(StripeError) in try await walk.run(client(lists)) }
        #expect(error?.kind == .unavailable)
        #expect(lists.requests == 1)
    }

    @Test("New pages without end end as well: of objects that lie in memory there are so many, of pages as well")
    func endless() async throws {
        let objects = Lists { Walk.byEmail.page($0 * 100...$0 * 100 + 99, hasMore: true) }
        let error = await errorOf { () throws(StripeError) in try await Walk.byEmail.run(client(objects)) }
        #expect(error?.kind == .unavailable)
        #expect(objects.requests == 101)

        let pages = Lists { Walk.byEmail.page($0...$0, hasMore: true) }
        let stripe = client(pages)
        var walk = stripe.walk("/v1/customers", pagesMax: 3)
        let tooMany = await errorOf { () throws(StripeError) in
            while true {
                let page = try await stripe.listCustomers(startingAfter: walk.place)
                guard try walk.goesOn(after: page.value) else { return page }
            }
        }
        #expect(tooMany?.kind == .unavailable)
        #expect(pages.requests == 3)
    }

    @Test("A search may have an empty page between others")
    func emptySearchPage() async throws {
        let lists = Lists {
            Walk.search.page($0 == 2 ? nil : $0...$0, hasMore: $0 < 3, next: $0 < 3 ? "p\($0)" : nil)
        }
        #expect(try await Walk.search.run(client(lists)).value == 2)
    }

    @Test("A subscription behind a page of such as never began counts")
    func hiddenSubscription() async throws {
        let lists = Lists {
            $0 == 1
                ? Walk.activeSubscriptions.page(1...100, hasMore: true)
                : #"{"object":"list","data":[{"id":"sub_1","status":"active"}],"has_more":false}"#
        }
        #expect(try await client(lists).activeSubscriptionCount(customer: "cus_1").value == 1)
    }
}
