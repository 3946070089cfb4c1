import CustomerStore
import JSON
import Testing

@Suite("Row verbs of reconciliations")
struct ReconciliationRowsTests {
    @Test("putFinding, findingCounts, findings, clearReconciliation", arguments: Engine.allCases)
    func findings(engine: Engine) throws {
        let rows = try engine.open()
        try rows.putFinding(["fixed": false], kind: "x", subject: "1")
        try rows.putFinding(["fixed": true], kind: "x", subject: "1")
        try rows.putFinding(["fixed": false], kind: "x", subject: "2")
        try rows.putFinding([:], kind: "y", subject: "1")
        let counts = try rows.findingCounts()
        #expect(counts.map(\.kind) == ["x", "y"] && counts.map(\.count) == [2, 1] && counts.map(\.fixed) == [1, 0])
        #expect(try rows.findings(limit: 2) == [["fixed": true], ["fixed": false]])
        try rows.putListed(customer("cus_1"))
        try rows.clearReconciliation()
        #expect(try rows.findings(limit: 2).isEmpty)
        #expect(try rows.orphans(after: nil, limit: 9).isEmpty)
    }

    @Test("linkFacts: the user, what was synced, what was refused", arguments: Engine.allCases)
    func link(engine: Engine) throws {
        let rows = try engine.open()
        #expect(try rows.linkFacts(of: "cus_1") == nil)
        try rows.add("a", customerId: "cus_1")
        try rows.putSynced(SyncedProfile(profile: ["name": "Ada"]), of: "a", with: "cus_1", at: 7)
        for field in ["name", "phone"] {
            try rows.putRefusal(
                RefusedField(
                    userId: "a", field: field, side: .stripe, errorType: "", error: "", since: 0, valueHash: ""))
        }
        try rows.putProcess("p", beat: 1, expiresAt: 0, place: nil)
        _ = try rows.take(.user("a"), owner: "p")
        let facts = try #require(try rows.linkFacts(of: "cus_1"))
        #expect(facts.user.id == "a" && facts.synced?.profile == ["name": "Ada"] && facts.syncedAt == 7)
        #expect(!facts.isArchived && facts.isBusy && facts.refused.count == 2)
    }

    @Test("userFacts: with the living customers that name the user", arguments: Engine.allCases)
    func users(engine: Engine) throws {
        let rows = try engine.open()
        try rows.add("a", customerId: "cus_1")
        try rows.add("b")
        for id in ["cus_1", "cus_2", "cus_3", "cus_4"] { try rows.putListed(customer(id, of: "a")) }
        try rows.mark("cus_3", as: .archived, at: someTime)
        try rows.mark("cus_4", as: .unlinked, at: someTime)
        let facts = try #require(try rows.userFacts(of: "a"))
        #expect(facts.isListed && !facts.isArchived && !facts.isBusy && facts.parkedFor == nil)
        #expect(facts.others == ["cus_2"])
        #expect(try rows.userFacts(after: nil, limit: 9).map(\.user.id) == ["a", "b"])
        #expect(try rows.userFacts(after: "a", limit: 9).map(\.isListed) == [false])
    }

    @Test("orphans: those of nobody who is there", arguments: Engine.allCases)
    func orphans(engine: Engine) throws {
        let rows = try engine.open()
        try rows.add("a")
        try rows.putListed(customer("cus_1", of: "a"))
        try rows.putListed(customer("cus_2", of: "gone"))
        try rows.putListed(customer("cus_3"))
        try rows.putListed(customer("cus_4", of: "a", claim: .open))
        try rows.putListed(customer("cus_5", claim: .anothers))
        #expect(try rows.orphans(after: nil, limit: 9).map(\.id) == ["cus_2", "cus_3", "cus_4"])
        #expect(try rows.orphans(after: "cus_2", limit: 1).map(\.id) == ["cus_3"])
        // An update keeps when it was created.
        try rows.putListed(customer("cus_3", of: "a"))
        #expect(try rows.orphans(after: nil, limit: 9).map(\.id) == ["cus_2", "cus_4"])
    }

    @Test("isTouched: by an event since", arguments: Engine.allCases)
    func touched(engine: Engine) throws {
        let rows = try engine.open()
        try rows.append(.numbered(1, customerId: "cus_1"))
        #expect(try rows.isTouched("cus_1", since: 0))
        #expect(try !rows.isTouched("cus_1", since: 1))
        #expect(try !rows.isTouched("cus_2", since: 0))
    }

    private func customer(
        _ id: String, of owner: String? = nil, claim: ListedCustomer.Claim = .sure
    ) -> ListedCustomer {
        ListedCustomer(id: id, owner: owner, created: 1, isArchived: false, claim: claim)
    }
}
