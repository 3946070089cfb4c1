import CustomerStore
import JSON
import Testing

@Suite("Row verbs of syncs")
struct SyncRowsTests {
    @Test("situation: all that is known of a user at once", arguments: Engine.allCases)
    func situation(engine: Engine) throws {
        let rows = try engine.open()
        #expect(try rows.situation(of: "a").user == nil)
        try rows.add("a", customerId: "cus_1")
        try rows.putSynced(SyncedProfile(profile: ["name": "Ada"]), of: "a", with: "cus_1", at: someTime)
        try rows.mark("cus_1", as: .archived, at: someTime)
        for field in ["name", "phone"] { try rows.putRefusal(refusal(of: field)) }
        try rows.beginCreate(of: "a")
        let known = try rows.situation(of: "a")
        #expect(known.user?.customerId == "cus_1" && known.synced?.profile == ["name": "Ada"])
        #expect(known.isArchived && known.change?.attempts == 0 && known.intent?.idempotencyKey == "k")
        #expect(known.refused.map(\.field).sorted() == ["name", "phone"])
    }

    @Test("situation: of a user who is gone, what is left", arguments: Engine.allCases)
    func situationOfNobody(engine: Engine) throws {
        let rows = try engine.open()
        try rows.enqueue("a", change: "c", at: someTime)
        try rows.beginCreate(of: "a")
        let known = try rows.situation(of: "a")
        #expect(known.user == nil && known.intent != nil && known.change?.id == "c" && known.synced == nil)
        #expect(!known.isArchived && known.refused.isEmpty)
    }

    // MARK: Creates

    @Test("insertIntent, hasPendingIntent, settle: one generation after another", arguments: Engine.allCases)
    func intents(engine: Engine) throws {
        let rows = try engine.open()
        let first = try #require(try rows.beginCreate(of: "a"))
        #expect(first.generation == 1 && first.fields == ["email": "a@example.com"] && first.createdAt == someTime)
        #expect(first.vouchedEmail == "a@example.com" && first.isRecovered)
        #expect(try rows.hasPendingIntent(of: "a"))
        try rows.settle(first, as: .linked, customerId: "cus_1", at: someTime)
        #expect(try !rows.hasPendingIntent(of: "a"))
        #expect(try rows.beginCreate(of: "a", key: "k2")?.generation == 2)
        #expect(try rows.standing(of: "cus_1", for: "b").wasMadeForAnother)
        try rows.takeFromOthers("cus_1", than: "b")
        #expect(try !rows.standing(of: "cus_1", for: "b").wasMadeForAnother)
    }

    @Test("countServerFailure, setKey, markMissed, setDisposal: of the pending one", arguments: Engine.allCases)
    func changes(engine: Engine) throws {
        let rows = try engine.open()
        let intent = try #require(try rows.beginCreate(of: "a"))
        try rows.countServerFailure(of: intent)
        try rows.setKey(of: intent, to: "other")
        #expect(try rows.markMissed(intent, at: someTime) == someTime)
        #expect(try rows.markMissed(intent, at: someTime + 1) == someTime)
        try rows.setDisposal(ofPendingIntentOf: "a", to: .keep)
        let changed = try #require(try rows.situation(of: "a").intent)
        #expect(changed.serverFailures == 1 && changed.idempotencyKey == "other" && changed.missedAt == someTime)
        #expect(changed.disposal == .keep)
        try rows.settle(intent, as: .failed, customerId: nil, at: someTime)
        #expect(try rows.markMissed(CreateIntent.none(of: "b"), at: someTime) == nil)
    }

    // MARK: The queue

    @Test("enqueue: what is there stays; wake: it is due", arguments: Engine.allCases)
    func enqueue(engine: Engine) throws {
        let rows = try engine.open()
        try rows.enqueue("a", change: "1", at: someTime)
        try rows.postpone("1", of: "a", Postponement(notBefore: nil, forOperator: false, errorType: "x", error: "y"))
        try rows.enqueue("a", change: "2", at: someTime)
        #expect(try rows.situation(of: "a").change?.id == "1")
        #expect(try rows.queueEntries(of: nil, limit: 5).map(\.userId) == ["a"])
        try rows.wake("a")
        #expect(try rows.queueEntries(of: nil, limit: 5).isEmpty)
        #expect(try rows.nextDue() == 0)
    }

    @Test("stampQueued: only back in time", arguments: Engine.allCases)
    func stamp(engine: Engine) throws {
        let rows = try engine.open()
        try rows.enqueue("a", change: "1", at: someTime)
        try rows.stampQueued("a", at: someTime + 1)
        try rows.stampQueued("a", at: someTime - 1)
        #expect(try rows.queueStatus().oldestAt == someTime - 1)
    }

    @Test("setChange, complete, dequeue: by the change that was seen", arguments: Engine.allCases)
    func change(engine: Engine) throws {
        let rows = try engine.open()
        try rows.enqueue("a", change: "1", at: someTime)
        #expect(try rows.setChange(of: "a", from: "1", to: "2"))
        #expect(try !rows.setChange(of: "a", from: "1", to: "3"))
        try rows.complete("1", of: "a")
        #expect(try rows.isQueued("a"))
        try rows.complete("2", of: "a")
        #expect(try !rows.isQueued("a"))
        try rows.enqueue("a", change: "4", at: someTime)
        try rows.dequeue("a")
        #expect(try !rows.isQueued("a"))
    }

    @Test("postpone, dueUsers, nextDue: when its time comes, and who has no other owner", arguments: Engine.allCases)
    func due(engine: Engine) throws {
        let rows = try engine.open()
        for id in ["a", "b", "c", "d"] { try rows.enqueue(id, change: id, at: someTime) }
        let later = Postponement(notBefore: 100, forOperator: false, errorType: "x", error: "y")
        try rows.postpone("a", of: "a", later)
        try rows.postpone("other", of: "b", later)
        let farAhead = Postponement(notBefore: 9_000, forOperator: false, errorType: "x", error: "y")
        try rows.postpone("d", of: "d", farAhead)
        try rows.putProcess("p", beat: 1, expiresAt: 0, place: nil)
        #expect(try rows.take(.user("c"), owner: "p"))
        #expect(try rows.dueUsers(at: 99, latest: 500, limit: 9, owner: "q").sorted() == ["b", "d"])
        #expect(try rows.dueUsers(at: 100, latest: 9_000, limit: 9, owner: "p").sorted() == ["a", "b", "c"])
        #expect(try rows.dueUsers(at: 100, latest: 9_000, limit: 1, owner: "p").count == 1)
        #expect(try rows.nextDue() == 0)
        #expect(try rows.situation(of: "a").change?.attempts == 1)
    }

    // MARK: Profiles

    @Test("putSynced, synced, replaceProfile, replaceSynced: of this customer only", arguments: Engine.allCases)
    func profiles(engine: Engine) throws {
        let rows = try engine.open()
        try rows.replaceProfile(of: "a", with: "cus_1", by: ["name": "Nobody"])
        #expect(try rows.synced("a", with: "cus_1") == nil)
        try rows.putSynced(SyncedProfile(profile: ["name": "A"], edits: ["name": "E"]), of: "a", with: "cus_1", at: 1)
        #expect(try rows.synced("a", with: "cus_2") == nil)
        try rows.replaceProfile(of: "a", with: "cus_1", by: ["name": "B"])
        let synced = try #require(try rows.synced("a", with: "cus_1"))
        #expect(synced.profile == ["name": "B"] && synced.edits == ["name": "E"])
        try rows.replaceSynced(of: "a", with: "cus_1", by: SyncedProfile(profile: ["name": "C"]))
        #expect(try rows.synced("a", with: "cus_1")?.edits == [:])
    }

    @Test("isInUse: the user's, neither archived nor to go", arguments: Engine.allCases)
    func inUse(engine: Engine) throws {
        let rows = try engine.open()
        try rows.add("a", customerId: "cus_1")
        #expect(try rows.isInUse("cus_1", by: "a"))
        #expect(try !rows.isInUse("cus_1", by: "b"))
        try rows.mark("cus_1", as: .archived, at: someTime)
        #expect(try !rows.isInUse("cus_1", by: "a"))
        try rows.unmark("cus_1", .archived)
        try rows.putDisposal(of: "cus_1", .delete)
        #expect(try !rows.isInUse("cus_1", by: "a"))
    }

    // MARK: Refused fields

    @Test("putRefusal, refusals, dropRefusals: by side, but for some", arguments: Engine.allCases)
    func refusals(engine: Engine) throws {
        let rows = try engine.open()
        for field in ["name", "phone"] { try rows.putRefusal(refusal(of: field)) }
        try rows.putRefusal(refusal(of: "email", by: .users))
        try rows.putRefusal(refusal(of: "email", by: .users))
        try rows.dropRefusals(of: "a", by: .stripe, except: ["phone"])
        #expect(try rows.refusals(of: "a", limit: 9).map(\.field) == ["email", "phone"])
        #expect(try rows.refusals(of: nil, limit: 1).map(\.side) == [.users])
        try rows.dropRefusals(of: "a", by: .users, except: [])
        #expect(try rows.refusals(of: nil, limit: 9).map(\.field) == ["phone"])
    }

    // MARK: In figures

    @Test("queueStatus, queueEntries, operatorWaits: users and disposals alike", arguments: Engine.allCases)
    func figures(engine: Engine) throws {
        let rows = try engine.open()
        for id in ["a", "b"] { try rows.enqueue(id, change: id, at: someTime) }
        try rows.putDisposal(of: "cus_1", .delete, userId: "c")
        try rows.postpone("a", of: "a", Postponement(notBefore: nil, forOperator: false, errorType: "x", error: "y"))
        let operators = Postponement(notBefore: 5, forOperator: true, errorType: "key", error: "z")
        try rows.postpone("b", of: "b", operators)
        try rows.postponeDisposal(of: "cus_1", key: "k", operators)
        try rows.beginCreate(of: "b")
        let status = try rows.queueStatus()
        #expect(status.pending == 2 && status.parked == 1 && status.intents == 1 && status.oldestAt == someTime)
        #expect(try rows.queueEntries(of: nil, limit: 9).map(\.isParked) == [true])
        #expect(try rows.queueEntries(of: "c", limit: 9).map(\.customerId) == ["cus_1"])
        let waits = try rows.operatorWaits(among: 9, limit: 9)
        #expect(waits.map(\.errorType) == ["key"] && waits.map(\.changes) == [2])
    }

    private func refusal(of field: String, by side: RefusedField.Side = .stripe) -> RefusedField {
        RefusedField(
            userId: "a", field: field, side: side, errorType: "type", error: "error", since: someTime, valueHash: "h")
    }
}

extension CreateIntent {
    fileprivate static func none(of userId: String) -> CreateIntent {
        CreateIntent(
            userId: userId, generation: 9, idempotencyKey: "", fields: [:], createdAt: 0, serverFailures: 0,
            disposal: nil, vouchedEmail: nil, missedAt: nil, isRecovered: false)
    }
}
