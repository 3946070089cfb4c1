import CustomerStore
import Testing

/// What a decision relies on, whichever engine carries it out.
@Suite("Transactions of an engine")
struct EngineTransactionTests {
    @Test("A body that throws leaves nothing", arguments: Engine.allCases)
    func rollback(engine: Engine) async throws {
        let engine = try engine.start()
        await #expect(throws: StoreError.self) {
            try await engine.transaction(.write) { rows throws(StoreError) in
                try rows.set("a", to: "1")
                throw .keyReused
            }
        }
        #expect(try await setting("a", of: engine) == nil)
        await engine.close()
    }

    @Test("An attempt that throws is undone, and the transaction goes on", arguments: Engine.allCases)
    func attempt(engine: Engine) async throws {
        let engine = try engine.start()
        try await engine.transaction(.write) { rows throws(StoreError) in
            try rows.lock([.user("a"), .address("a@example.com"), .customer("cus_1"), .call("k")])
            try rows.set("a", to: "1")
            do throws(StoreError) {
                try rows.attempt { () throws(StoreError) in
                    try rows.set("a", to: "2")
                    throw .keyReused
                }
            } catch {}
            try rows.attempt { () throws(StoreError) in try rows.set("b", to: "3") }
        }
        #expect(try await setting("a", of: engine) == "1")
        #expect(try await setting("b", of: engine) == "3")
        await engine.close()
    }

    @Test("A refusal by the schema is told in the store's words", arguments: Engine.allCases)
    func refusal(engine: Engine) async throws {
        let engine = try engine.start()
        let error = await #expect(throws: StoreError.self) {
            try await engine.transaction(.write) { rows throws(StoreError) in
                try rows.append(AuditEvent.numbered(5))
            }
        }
        guard case .engine(let failure) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(failure.kind == .refused && error?.isTemporary == false)
        await engine.close()
    }

    @Test(
        "It says what the ids of the users table are, empties its files, and is closed for good",
        arguments: Engine.allCases)
    func traits(engine: Engine) async throws {
        let engine = try engine.start()
        #expect(!engine.ids.areIntegers && !engine.ids.areChosen && !engine.place.isEmpty)
        #expect(try await engine.emptyLog())
        #expect(try await engine.removeRemnants())
        #expect(engine.takeRestoredParts() == 0)
        await engine.close()
        let error = await #expect(throws: StoreError.self) { try await setting("a", of: engine) }
        guard case .closed = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    private func setting(_ name: String, of engine: any StoreEngine) async throws(StoreError) -> String? {
        try await engine.transaction(.read) { rows throws(StoreError) in try rows.setting(name) }
    }
}
