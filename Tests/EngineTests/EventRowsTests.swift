import CustomerStore
import JSON
import Testing

@Suite("Row verbs of events")
struct EventRowsTests {
    @Test("insertEvent, setEffect, seenEvent: once", arguments: Engine.allCases)
    func events(engine: Engine) throws {
        let rows = try engine.open()
        #expect(try rows.seenEvent("e") == nil)
        #expect(try rows.insertEvent("e", at: someTime))
        #expect(try !rows.insertEvent("e", at: someTime))
        #expect(try rows.seenEvent("e")?.effect == nil)
        try rows.setEffect(.linked, userId: "a", of: "e")
        let seen = try #require(try rows.seenEvent("e"))
        #expect(seen.effect == .linked && seen.userId == "a")
    }

    @Test("putNews: the newest that is believed; a deletion stays", arguments: Engine.allCases)
    func news(engine: Engine) throws {
        let rows = try engine.open()
        try rows.putNews(news(at: 5), deleted: true, latest: 50, at: someTime)
        try rows.putNews(news(at: 3), deleted: false, latest: 50, at: someTime)
        #expect(try rows.knowledge(of: "cus_1").newest == 5)
        #expect(try rows.knowledge(of: "cus_1").isDeleted)
        try rows.putNews(news(at: 99), deleted: false, latest: 50, at: someTime)
        try rows.putNews(news(at: 7), deleted: false, latest: 50, at: someTime)
        #expect(try rows.knowledge(of: "cus_1").newest == 7)
    }

    @Test("dropEvents: what was received before", arguments: Engine.allCases)
    func drop(engine: Engine) throws {
        let rows = try engine.open()
        _ = try rows.insertEvent("old", at: 10)
        _ = try rows.insertEvent("new", at: 20)
        try rows.putNews(news(at: 1), deleted: false, latest: 50, at: 10)
        try rows.dropEvents(before: 20)
        #expect(try rows.seenEvent("old") == nil)
        #expect(try rows.seenEvent("new") != nil)
        #expect(try rows.knowledge(of: "cus_1").newest == nil)
    }

    @Test("knowledge: the user and what was synced of this customer", arguments: Engine.allCases)
    func knowledge(engine: Engine) throws {
        let rows = try engine.open()
        #expect(try rows.knowledge(of: "cus_1").user == nil)
        try rows.add("a", customerId: "cus_1")
        #expect(try rows.knowledge(of: "cus_1").synced == nil)
        try rows.putSynced(SyncedProfile(profile: ["name": "Ada"]), of: "a", with: "cus_1", at: 7)
        let known = try rows.knowledge(of: "cus_1")
        #expect(known.user?.id == "a" && known.synced?.profile == ["name": "Ada"] && known.syncedAt == 7)
        #expect(known.newest == nil && !known.isDeleted)
        try rows.putSynced(SyncedProfile(profile: [:]), of: "a", with: "cus_2", at: 8)
        #expect(try rows.knowledge(of: "cus_1").synced == nil)
        #expect(try rows.knowledge(of: "cus_1").syncedAt == 8)
    }

    private func news(at created: Int64) -> EventMark {
        EventMark(eventId: "e", customerId: "cus_1", created: created)
    }
}
