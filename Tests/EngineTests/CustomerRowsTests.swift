import CustomerStore
import Testing

@Suite("Row verbs of customers")
struct CustomerRowsTests {
    @Test("standing: whose it is, and each reason against it", arguments: Engine.allCases)
    func standing(engine: Engine) throws {
        let rows = try engine.open()
        let free = try rows.standing(of: "cus_1", for: "a")
        #expect(free.holder == nil && free.disposal == nil)
        #expect(!free.isUnlinked && !free.isArchived && !free.isKept && !free.isDeleted && !free.wasMadeForAnother)
        try rows.add("a", customerId: "cus_1")
        for state in [CustomerState.unlinked, .archived, .kept] { try rows.mark("cus_1", as: state, at: someTime) }
        try rows.putDisposal(of: "cus_1", .archive)
        let mark = EventMark(eventId: "e", customerId: "cus_1", created: 1)
        try rows.putNews(mark, deleted: true, latest: 9, at: someTime)
        let taken = try rows.standing(of: "cus_1", for: "b")
        #expect(taken.holder == "a" && taken.disposal == .archive)
        #expect(taken.isUnlinked && taken.isArchived && taken.isKept && taken.isDeleted)
    }

    @Test("mark, unmark: each by itself, and twice the same", arguments: Engine.allCases)
    func marks(engine: Engine) throws {
        let rows = try engine.open()
        for state in [CustomerState.unlinked, .archived, .kept] {
            try rows.mark("cus_1", as: state, at: someTime)
            try rows.mark("cus_1", as: state, at: someTime)
        }
        try rows.unmark("cus_1", .archived)
        let standing = try rows.standing(of: "cus_1", for: "a")
        #expect(standing.isUnlinked && !standing.isArchived && standing.isKept)
    }

    @Test("putDisposal: what is to be deleted stays so, and is due again", arguments: Engine.allCases)
    func put(engine: Engine) throws {
        let rows = try engine.open()
        try rows.putDisposal(of: "cus_1", .delete, userId: "a")
        try rows.putDisposal(of: "cus_1", .archive)
        let disposal = try #require(try rows.disposal(of: "cus_1"))
        #expect(disposal.action == .delete && disposal.userId == "a" && disposal.idempotencyKey == "k")
        try rows.putDisposal(of: "cus_2", .archive)
        try rows.putDisposal(of: "cus_2", .delete)
        #expect(try rows.disposal(of: "cus_2")?.action == .delete)
    }

    @Test("setDisposal: only of one that is there", arguments: Engine.allCases)
    func set(engine: Engine) throws {
        let rows = try engine.open()
        try rows.setDisposal(of: "cus_1", to: .delete, at: someTime)
        #expect(try rows.disposal(of: "cus_1") == nil)
        try rows.putDisposal(of: "cus_1", .archive)
        try rows.setDisposal(of: "cus_1", to: .delete, at: someTime + 1)
        #expect(try rows.disposal(of: "cus_1")?.requestedAt == someTime + 1)
    }

    @Test("removeDisposal: the one that is meant, telling whose it was", arguments: Engine.allCases)
    func remove(engine: Engine) throws {
        let rows = try engine.open()
        try rows.putDisposal(of: "cus_1", .delete, userId: "a")
        #expect(try rows.removeDisposal(of: "cus_1", .archive) == nil)
        #expect(try rows.removeDisposal(of: "cus_1", .delete)?.userId == "a")
        try rows.putDisposal(of: "cus_1", .archive)
        #expect(try rows.removeDisposal(of: "cus_1", nil) != nil)
    }

    @Test("postponeDisposal, dueDisposals: under a new key, when its time comes", arguments: Engine.allCases)
    func postpone(engine: Engine) throws {
        let rows = try engine.open()
        for id in ["cus_1", "cus_2"] { try rows.putDisposal(of: id, .archive) }
        let later = Postponement(notBefore: 100, forOperator: false, errorType: "x", error: "y")
        try rows.postponeDisposal(of: "cus_1", key: "new", later)
        #expect(try rows.dueDisposals(at: 99, latest: 200, limit: 9).map(\.customerId) == ["cus_2"])
        // Further ahead than is believed.
        #expect(try rows.dueDisposals(at: 9, latest: 50, limit: 9).count == 2)
        let disposal = try #require(try rows.disposal(of: "cus_1"))
        #expect(disposal.idempotencyKey == "new" && disposal.attempts == 1)
    }
}
