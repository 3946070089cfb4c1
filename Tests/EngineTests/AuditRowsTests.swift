import CustomerStore
import Testing

@Suite("Row verbs of the audit log")
struct AuditRowsTests {
    @Test("append, auditTail, auditHash, auditEnds: only the next number goes in", arguments: Engine.allCases)
    func append(engine: Engine) throws {
        let rows = try engine.open()
        #expect(try rows.auditTail() == nil)
        for number in 1...3 { try rows.append(.numbered(Int64(number))) }
        #expect(try rows.auditTail()?.sequence == 3)
        #expect(try rows.auditHash(at: 2) == "hash 2")
        #expect(try rows.auditEnds().map(\.sequence) == [1, 3])
        #expect(try !rows.hasAuditEvents(before: 1))
        #expect(throws: StoreError.self) { try rows.append(.numbered(9)) }
    }

    @Test("auditEvents: each condition, page by page", arguments: Engine.allCases)
    func events(engine: Engine) throws {
        let rows = try engine.open()
        for number in 1...4 { try rows.append(.numbered(Int64(number), customerId: number == 2 ? "cus_1" : nil)) }
        func numbers(_ filter: AuditFilter, after: Int64 = 0, limit: Int = 9) throws -> [Int64] {
            try rows.auditEvents(filter, after: after, limit: limit).map(\.sequence)
        }
        #expect(try numbers(AuditFilter(), after: 1, limit: 2) == [2, 3])
        #expect(try numbers(AuditFilter(from: 2, to: 4)) == [2, 3])
        #expect(try numbers(AuditFilter(customerId: "cus_1")) == [2])
        #expect(try numbers(AuditFilter(actor: "admin", userId: "a", method: "m"), limit: 1) == [1])
        #expect(try numbers(AuditFilter(actor: "nobody")) == [])
        let event = try #require(try rows.auditEvents(AuditFilter(), after: 0, limit: 1).first)
        #expect(event.actor?.role == "admin" && event.details == "{}" && event.previousHash == nil)
    }

    @Test("isUnused: until anybody has noted anything", arguments: Engine.allCases)
    func unused(engine: Engine) throws {
        let rows = try engine.open()
        #expect(try rows.isUnused())
        try rows.set("account", to: "test mode")
        #expect(try !rows.isUnused())
    }

    @Test("hasAuditedAddress: of this life of the id", arguments: Engine.allCases)
    func address(engine: Engine) throws {
        let rows = try engine.open()
        let details = #"{"change":"user.registered","email":{"mask":"a","hash":"h"}}"#
        try rows.append(.numbered(1, details: details))
        #expect(try rows.hasAuditedAddress(hash: "h", of: "a", inThisLife: true))
        #expect(try !rows.hasAuditedAddress(hash: "other", of: "a", inThisLife: false))
        try rows.append(.numbered(2, details: #"{"change":"user.deleted"}"#))
        #expect(try !rows.hasAuditedAddress(hash: "h", of: "a", inThisLife: true))
        #expect(try rows.hasAuditedAddress(hash: "h", of: "a", inThisLife: false))
    }

    @Test("foreignAuditParts, auditEventMissingInIndex: none in a new log", arguments: Engine.allCases)
    func parts(engine: Engine) throws {
        let rows = try engine.open()
        try rows.append(.numbered(1, customerId: "cus_1"))
        #expect(try rows.foreignAuditParts() == [])
        #expect(try rows.auditEventMissingInIndex(after: 0, through: 1) == nil)
    }

    @Test("insertNote, removeNote, takeAbandonedNotes: of processes that are gone", arguments: Engine.allCases)
    func notes(engine: Engine) throws {
        let rows = try engine.open()
        try rows.putProcess("living", beat: 1, expiresAt: 0, place: nil)
        for owner in ["living", "gone", "gone"] {
            let note = ChangeNote(
                owner: owner, actorId: "admin", actorRole: nil, method: "m", userId: "a", customerId: nil,
                traceparent: nil, details: "{}")
            let id = try #require(try rows.insertNote(note, seal: "s"))
            if id == 3 { try rows.removeNote(id) }
        }
        let taken = try rows.takeAbandonedNotes()
        #expect(taken.map(\.note.values) == [["gone", "admin", nil, "m", "a", nil, nil, "{}"]])
        #expect(taken.map(\.seal) == ["s"])
        #expect(try rows.takeAbandonedNotes().isEmpty)
    }
}

extension AuditEvent {
    static func numbered(_ number: Int64, customerId: String? = nil, details: String = "{}") -> AuditEvent {
        AuditEvent(
            sequence: number, at: number, actor: AuditScope.Actor(id: "admin", role: "admin"), method: "m",
            userId: "a", customerId: customerId, outcome: "ok", details: details,
            previousHash: number == 1 ? nil : "hash \(number - 1)", hash: "hash \(number)")
    }
}
