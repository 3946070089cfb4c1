import JSON

/// What Stripe answered, with the facts about the answer that a caller acts on.
package struct StripeReply<Value: Sendable>: Sendable {
    package var value: Value
    /// The answer was saved under the idempotency key earlier: it tells what was true then.
    package var isReplay: Bool

    package init(value: Value, isReplay: Bool = false) {
        self.value = value
        self.isReplay = isReplay
    }
}

/// One page of a list, newest first. https://docs.stripe.com/api/pagination
package struct Page<Element: Sendable>: Sendable {
    package var data: [Element]
    package var hasMore: Bool

    package init(data: [Element], hasMore: Bool) {
        self.data = data
        self.hasMore = hasMore
    }
}

/// One page of a search. https://docs.stripe.com/api/pagination/search
package struct SearchPage<Element: Sendable>: Sendable {
    package var data: [Element]
    package var hasMore: Bool
    /// To be passed as `page` for the next one.
    package var nextPage: String?

    package init(data: [Element], hasMore: Bool, nextPage: String?) {
        self.data = data
        self.hasMore = hasMore
        self.nextPage = nextPage
    }
}

// MARK: - Reading

extension Page {
    /// `nil` when this is no list of what `element` reads.
    init?(_ object: JSONObject, element: (JSONObject) -> Element?) {
        guard object["object"]?.string == "list", let data = elements(of: object, element) else { return nil }
        self.init(data: data, hasMore: object["has_more"]?.bool ?? false)
    }
}

extension SearchPage {
    init?(_ object: JSONObject, element: (JSONObject) -> Element?) {
        guard object["object"]?.string == "search_result", let data = elements(of: object, element) else { return nil }
        self.init(data: data, hasMore: object["has_more"]?.bool ?? false, nextPage: object["next_page"]?.string)
    }
}

/// All of them or nothing: a list with an unreadable member is not known to be complete.
private func elements<Element>(of object: JSONObject, _ element: (JSONObject) -> Element?) -> [Element]? {
    guard let values = object["data"]?.array else { return nil }
    var result: [Element] = []
    result.reserveCapacity(values.count)
    for value in values {
        guard let object = value.object, let next = element(object) else { return nil }
        result.append(next)
    }
    return result
}
