/// The members of an object in the order in which they were written, found by code points.
package struct JSONObject: Sendable {
    package struct Member: Sendable {
        package var name: String
        package var value: JSONValue
        package init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    package private(set) var members: [Member]

    /// Where each name stands in `members` once there are more than `largestWithoutIndex` of them. The dictionary's
    /// hash is seeded anew in each process, so a sender can't choose names that collide.
    private var index: [CodePoints: Int]?

    /// Up to here, comparing lengths and bytes one by one costs less than hashing (reading a customer of Stripe's, which
    /// has 23 members, costs an eighth less).
    private static let largestWithoutIndex = 32

    /// - Precondition: the names differ from each other. (Where they don't, the first is found.)
    package init(_ members: [Member] = []) {
        self.members = members
        index = Self.makeIndex(of: members)
    }

    /// Reads the member of this name. Setting replaces it in place, appends it at the end, or with `nil` removes it.
    package subscript(_ name: String) -> JSONValue? {
        get { position(of: name).map { members[$0].value } }
        set {
            guard let newValue else {
                guard let position = position(of: name) else { return }
                members.remove(at: position)
                index = Self.makeIndex(of: members)
                return
            }
            if let position = position(of: name) {
                members[position].value = newValue
            } else {
                append(name, newValue)
            }
        }
    }

    package var isEmpty: Bool { members.isEmpty }
    package var count: Int { members.count }

    /// Appends a member unless the name is taken; says whether it did.
    mutating func insert(_ name: String, _ value: JSONValue) -> Bool {
        guard position(of: name) == nil else { return false }
        append(name, value)
        return true
    }

    private mutating func append(_ name: String, _ value: JSONValue) {
        members.append(Member(name, value))
        if index != nil {
            index?[CodePoints(name)] = members.count - 1
        } else {
            index = Self.makeIndex(of: members)
        }
    }

    private func position(of name: String) -> Int? {
        if let index { return index[CodePoints(name)] }
        // By index, because a closure over the members would retain and release each one's value.
        return members.indices.first { sameCodePoints(members[$0].name, name) }
    }

    private static func makeIndex(of members: [Member]) -> [CodePoints: Int]? {
        guard members.count > largestWithoutIndex else { return nil }
        let entries = members.enumerated().map { (CodePoints($1.name), $0) }
        return Dictionary(entries, uniquingKeysWith: { first, _ in first })
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(elements.map { Member($0.0, $0.1) })
    }
}
