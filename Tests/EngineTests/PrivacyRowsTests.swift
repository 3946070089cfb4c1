import CustomerStore
import JSON
import Testing

@Suite("Row verbs of privacy")
struct PrivacyRowsTests {
    @Test("isKnown: by any table", arguments: Engine.allCases)
    func known(engine: Engine) throws {
        let rows = try engine.open()
        #expect(try !rows.isKnown("a"))
        try rows.beginCreate(of: "a")
        #expect(try rows.isKnown("a"))
        try rows.add("b")
        #expect(try rows.isKnown("b"))
    }

    @Test("customersToErase: the user's own and those that were told", arguments: Engine.allCases)
    func customers(engine: Engine) throws {
        let rows = try engine.open()
        try rows.add("a", customerId: "cus_1")
        try rows.add("b", customerId: "cus_2")
        try rows.putDisposal(of: "cus_3", .archive, userId: "a")
        try rows.putErasure(of: "a", customers: ["cus_4"], at: someTime)
        try rows.mark("cus_5", as: .unlinked, at: someTime)
        let found = try rows.customersToErase(
            with: "a", and: ["cus_2", "cus_5", "cus_6", "cus_7"], but: ["cus_7"])
        #expect(found == ["cus_1", "cus_3", "cus_4", "cus_6"])
    }

    @Test("formerCustomers, customersTakenAway: made for the user once", arguments: Engine.allCases)
    func former(engine: Engine) throws {
        let rows = try engine.open()
        for id in ["cus_1", "cus_2"] {
            let intent = try #require(try rows.beginCreate(of: "a", key: id))
            try rows.settle(intent, as: .linked, customerId: id, at: someTime)
        }
        try rows.mark("cus_2", as: .unlinked, at: someTime)
        #expect(try rows.formerCustomers(of: "a") == ["cus_1"])
        #expect(try rows.customersTakenAway(from: "a") == ["cus_2"])
    }

    @Test("An erasure from its note to its end", arguments: Engine.allCases)
    func erasure(engine: Engine) throws {
        let rows = try engine.open()
        try rows.putDisposal(of: "cus_1", .delete, userId: "a")
        try rows.putErasure(of: "a", customers: ["cus_1"], at: someTime)
        #expect(try rows.hasErasure(of: "a"))
        #expect(try rows.customers(ofErasureOf: "a") == ["cus_1"])
        #expect(try rows.rest(ofErasureOf: "a").customers == ["cus_1"])
        #expect(try rows.dueErasures().isEmpty)
        try rows.removeDisposal(of: "cus_1", nil)
        #expect(try rows.rest(ofErasureOf: "a").isEmpty)
        #expect(try rows.dueErasures() == ["a"])
        try rows.endErasures(of: ["a"])
        #expect(try rows.hasErasure(of: "a"))
        try rows.markScrubbed("a")
        #expect(try rows.customers(ofErasureOf: "a") == nil)
        #expect(try rows.scrubbedUsers() == ["a"])
        try rows.endErasures(of: ["a"])
        #expect(try !rows.hasErasure(of: "a"))
    }

    @Test("removeTraces: of the user and its customers, but not of a new life", arguments: Engine.allCases)
    func traces(engine: Engine) throws {
        let rows = try engine.open()
        let intent = try #require(try rows.beginCreate(of: "a"))
        try rows.settle(intent, as: .linked, customerId: "cus_1", at: someTime)
        try rows.mark("cus_1", as: .archived, at: someTime)
        try rows.putFinding(["userId": "a"], kind: "x", subject: "1")
        try rows.enqueue("a", change: "1", at: someTime)
        _ = try rows.insertEvent("e", at: someTime)
        try rows.setEffect(.linked, userId: "a", of: "e")
        let kept = try rows.removeTraces(of: "a", ["cus_1"], hasNewLife: true)
        #expect(kept.map(\.table) == ["create_intents", "archived_customers", "reconcile_findings", "stripe_events"])
        #expect(kept.allSatisfy { $0.count == 1 })
        #expect(try rows.isQueued("a"))
        #expect(try rows.seenEvent("e")?.userId == nil)
        #expect(try rows.removeTraces(of: "a", [], hasNewLife: false).map(\.table) == ["sync_queue"])
    }

    @Test("rows(about:): each table as JSON", arguments: Engine.allCases)
    func held(engine: Engine) throws {
        let rows = try engine.open()
        try rows.putSynced(SyncedProfile(profile: ["name": "Ada"]), of: "a", with: "cus_1", at: 7)
        try rows.putErasure(of: "a", customers: ["cus_1"], at: 8)
        let held = try rows.rows(about: "a")
        #expect(held.members.map(\.name) == ["synced_profiles", "erasures"])
        #expect(
            held["synced_profiles"] == [
                ["user_id": "a", "customer_id": "cus_1", "profile": ["name": "Ada"], "edits": [:], "synced_at": 7]
            ])
        #expect(held["erasures"] == [["user_id": "a", "customer_ids": ["cus_1"], "requested_at": 8]])
    }
}
