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

/// One page of a list, newest first (https://docs.stripe.com/api/pagination), or of a search
/// (https://docs.stripe.com/api/pagination/search). `PageWalk` follows them.
package struct Page<Element: Sendable>: Sendable {
    package var data: [Element]
    package var hasMore: Bool
    /// Where the page of what is older begins: after the last object's id, or at what a search says.
    package var next: String?
    /// Where the page of what is newer begins: before the first object's id.
    package var previous: String?

    /// - Parameter element: `nil` for what is left out; the places of the page stay.
    package func compactMap<Other>(_ element: (Element) -> Other?) -> Page<Other> {
        Page<Other>(data: data.compactMap(element), hasMore: hasMore, next: next, previous: previous)
    }
}

// MARK: - Reading

extension Page {
    /// `nil` when this is no list of what `element` reads, or does not say whether it is complete.
    init?(_ object: JSONObject, element: (JSONObject) -> Element?) {
        let kind = object["object"]?.string
        guard kind == "list" || kind == "search_result", let data = elements(of: object, element),
            let hasMore = object["has_more"]?.bool
        else { return nil }
        let values = object["data"]?.array
        self.data = data
        self.hasMore = hasMore
        next = kind == "list" ? values?.last?["id"]?.string : object["next_page"]?.string
        previous = values?.first?["id"]?.string
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
