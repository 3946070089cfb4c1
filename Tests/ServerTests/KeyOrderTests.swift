import CustomerService
import Interface
import JSON
import Server
import Testing

@Suite("Who waits for whom")
struct KeyOrderTests {
    private let ada = KeyOrder.Key.userID(CodePoints("ada"))
    private let bob = KeyOrder.Key.userID(CodePoints("bob"))
    private let mail = KeyOrder.Key.email(CodePoints("ada@example.com"))

    @Test("Calls that share no key start at once")
    func noSharedKey() {
        var order = KeyOrder()
        #expect(order.enter(.some([ada])).isReady)
        #expect(order.enter(.some([bob])).isReady)
        #expect(order.enter(.some([mail])).isReady)
    }

    @Test("Calls of one key start one after the other, in their order")
    func sameKey() {
        var order = KeyOrder()
        let first = order.enter(.some([ada]))
        let second = order.enter(.some([ada]))
        let third = order.enter(.some([ada]))
        #expect(first.isReady && !second.isReady && !third.isReady)
        #expect(order.leave(first.ticket) == [second.ticket])
        #expect(order.leave(second.ticket) == [third.ticket])
        #expect(order.leave(third.ticket) == [])
        #expect(order.isEmpty)
    }

    @Test("A call with two keys waits for both, and carries the order from one to the other")
    func twoKeys() {
        var order = KeyOrder()
        let byID = order.enter(.some([ada]))
        let byMail = order.enter(.some([mail]))
        let both = order.enter(.some([ada, mail]))
        let after = order.enter(.some([mail]))
        #expect(!both.isReady && !after.isReady)
        #expect(order.leave(byMail.ticket) == [])
        #expect(order.leave(byID.ticket) == [both.ticket])
        #expect(order.leave(both.ticket) == [after.ticket])
    }

    @Test("A call without keys waits for all earlier ones, and later ones don't wait for it")
    func everything() {
        var order = KeyOrder()
        let first = order.enter(.some([ada]))
        let second = order.enter(.some([ada]))
        let third = order.enter(.some([bob]))
        let all = order.enter(.everything)
        let later = order.enter(.some([mail]))
        let alsoAll = order.enter(.everything)
        #expect(!all.isReady && later.isReady && !alsoAll.isReady)
        #expect(order.leave(third.ticket) == [])
        #expect(order.leave(first.ticket) == [second.ticket])
        #expect(order.leave(second.ticket) == [all.ticket])
        #expect(order.leave(all.ticket) == [])
        #expect(order.leave(later.ticket) == [alsoAll.ticket])
    }

    @Test("A free call waits for nothing, and nothing waits for it")
    func free() {
        var order = KeyOrder()
        _ = order.enter(.some([ada]))
        let free = order.enter(.none)
        #expect(free.isReady)
        #expect(order.leave(free.ticket) == [])
        var other = KeyOrder()
        _ = other.enter(.none)
        #expect(other.enter(.everything).isReady)
    }

    @Test("A serial session runs one at a time, whatever the calls are about")
    func serial() {
        var order = KeyOrder()
        let first = order.enter(.serial)
        let second = order.enter(.serial)
        #expect(first.isReady && !second.isReady)
        #expect(order.leave(first.ticket) == [second.ticket])
    }

    @Test("A key that a call has twice doesn't make it wait for itself")
    func sameKeyTwice() {
        var order = KeyOrder()
        #expect(order.enter(.some([ada, ada])).isReady)
    }

    @Test("Keys come from the top level of the params; emails are compared without regard to case")
    func keysOfParams() {
        let params: JSONObject = ["userId": "ada", "email": "Ada@Example.COM", "metadata": ["customerId": "cus_1"]]
        #expect(KeyOrder.Keys(Subject(params)) == .some([ada, mail]))
        #expect(KeyOrder.Keys(Subject(["limit": 3])) == .everything)
        #expect(KeyOrder.Keys(Subject(["userId": .null])) == .everything)
    }

    @Test("Ids that are spelled with other code points are other keys")
    func codePoints() {
        var order = KeyOrder()
        _ = order.enter(.some([.userID(CodePoints("\u{E9}"))]))
        #expect(order.enter(.some([.userID(CodePoints("e\u{301}"))])).isReady)
    }
}
