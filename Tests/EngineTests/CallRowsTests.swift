import CustomerStore
import JSON
import Testing

@Suite("Row verbs of calls, settings and processes")
struct CallRowsTests {
    @Test("insertCall, call: under one of the keys", arguments: Engine.allCases)
    func insert(engine: Engine) throws {
        let rows = try engine.open()
        try rows.insertCall(call("k"))
        #expect(try rows.call(under: ["other"]) == nil)
        let found = try #require(try rows.call(under: ["other", "k"]))
        #expect(found.requestHash == "h" && found.method == "m" && found.userId == "a" && found.createdAt == 5)
        #expect(!found.isDone && found.answer == nil && !found.isErased && !found.isOfEarlierLife)
        #expect(throws: StoreError.self) { try rows.insertCall(call("k")) }
    }

    @Test("finishCall, removeCall: only once, and not what is done", arguments: Engine.allCases)
    func finish(engine: Engine) throws {
        let rows = try engine.open()
        for key in ["k", "l"] { try rows.insertCall(call(key)) }
        #expect(try rows.finishCall("k", customerId: "cus_1", answer: ["a": 1]))
        #expect(try !rows.finishCall("k", customerId: "cus_2", answer: nil))
        for key in ["k", "l"] { try rows.removeCall(key) }
        let done = try #require(try rows.call(under: ["k"]))
        #expect(done.isDone && done.customerId == "cus_1" && done.answer == ["a": 1])
        #expect(try rows.call(under: ["l"]) == nil)
    }

    @Test("countSavedFailure, endCalls, dropCalls", arguments: Engine.allCases)
    func drop(engine: Engine) throws {
        let rows = try engine.open()
        for key in ["k", "l"] { try rows.insertCall(call(key)) }
        try rows.countSavedFailure(of: "k")
        try rows.endCalls(of: "a")
        let ended = try #require(try rows.call(under: ["k"]))
        #expect(ended.savedFailures == 1 && ended.isOfEarlierLife)
        #expect(try rows.dropCalls(before: 5, limit: 9) == 0)
        #expect(try rows.dropCalls(before: 6, limit: 1) == 1)
        #expect(try rows.dropCalls(before: 6, limit: 9) == 1)
    }

    @Test("plainCalls, sealCall, eraseCalls: about a user or its customers", arguments: Engine.allCases)
    func erase(engine: Engine) throws {
        let rows = try engine.open()
        try rows.insertCall(call("old", method: nil))
        try rows.insertCall(call("k", userId: nil, customerId: "cus_1"))
        #expect(try rows.plainCalls(about: .user("a")).map(\.key) == ["old"])
        try rows.sealCall("old", as: "sealed", requestHash: "s")
        #expect(try rows.eraseCalls(about: .user("a")) == 1)
        #expect(try rows.eraseCalls(about: .customers(["cus_1", "cus_2"])) == 1)
        let sealed = try #require(try rows.call(under: ["sealed"]))
        #expect(sealed.isErased && sealed.userId == nil && sealed.requestHash == "s")
        #expect(try rows.call(under: ["k"])?.customerId == nil)
    }

    @Test("setting, set, setFirst, countUp", arguments: Engine.allCases)
    func settings(engine: Engine) throws {
        let rows = try engine.open()
        try rows.setFirst("a", to: "1")
        try rows.setFirst("a", to: "2")
        #expect(try rows.setting("a") == "1")
        try rows.set("a", to: "3")
        #expect(try rows.setting("a") == "3")
        try rows.set("a", to: nil)
        #expect(try rows.setting("a") == nil)
        #expect(try (1...3).map { _ in try rows.countUp("n") } == [1, 2, 3])
    }

    @Test("take, holds, release: free, one's own, or of a process that is gone", arguments: Engine.allCases)
    func leases(engine: Engine) throws {
        let rows = try engine.open()
        for owner in ["p", "q"] { try rows.putProcess(owner, beat: 1, expiresAt: 0, place: nil) }
        #expect(try rows.take(.duty("d"), owner: "p"))
        #expect(try rows.take(.duty("d"), owner: "p"))
        #expect(try !rows.take(.duty("d"), owner: "q"))
        #expect(try rows.holds(.duty("d"), owner: "p"))
        #expect(try !rows.holds(.duty("d"), owner: "q"))
        try rows.release(.duty("d"), owner: "q")
        #expect(try rows.holds(.duty("d"), owner: "p"))
        try rows.removeProcess("p")
        #expect(try rows.take(.duty("d"), owner: "q"))
        try rows.release(.duty("d"), owner: "q")
        #expect(try !rows.holds(.duty("d"), owner: "q"))
    }

    @Test("putProcess, renewProcess, processes, releaseAll, releaseAbandoned", arguments: Engine.allCases)
    func processes(engine: Engine) throws {
        let rows = try engine.open()
        #expect(try !rows.renewProcess("p", beat: 1, expiresAt: 2))
        try rows.putProcess("p", beat: 1, expiresAt: 2, place: "here")
        try rows.putProcess("p", beat: 3, expiresAt: 4, place: "there")
        #expect(try rows.renewProcess("p", beat: 5, expiresAt: 6))
        try rows.putProcess("q", beat: 0, expiresAt: 0, place: nil)
        #expect(try rows.processes(but: "p").count == 1)
        _ = try rows.take(.duty("a"), owner: "p")
        _ = try rows.take(.duty("b"), owner: "q")
        try rows.releaseAll(of: "p")
        #expect(try !rows.holds(.duty("a"), owner: "p"))
        try rows.removeProcess("q")
        try rows.releaseAbandoned()
        #expect(try !rows.holds(.duty("b"), owner: "q"))
    }

    @Test("hasDoubtfulTime, schemaVersion", arguments: Engine.allCases)
    func times(engine: Engine) throws {
        let rows = try engine.open()
        try rows.enqueue("a", change: "1", at: 100)
        let column = TimeColumn("sync_queue", "enqueued_at")
        #expect(try !rows.hasDoubtfulTime(column, after: 100, among: 9))
        #expect(try rows.hasDoubtfulTime(column, after: 99, among: 9))
        #expect(try rows.schemaVersion() >= 16)
    }

    private func call(
        _ key: String, method: String? = "m", userId: String? = "a", customerId: String? = nil
    ) -> CallRow {
        CallRow(
            key: key, requestHash: "h", method: method, userId: userId, customerId: customerId, createdAt: 5)
    }
}
