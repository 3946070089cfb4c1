import CustomerService
import Environment
import Interface
import JSON
import Server
import Testing

@Suite("Order, cancellation and limits of calls")
struct OrderTests {
    @Test("Calls that share no key overlap; the answers come as they are ready")
    func overlap() async throws {
        let gate = Gate()
        let session = try Session([.echo, .held(by: gate)])
        session.send(#"{"jsonrpc":"2.0","id":1,"method":"held","params":{"userId":"a"}}"#)
        session.send(#"{"jsonrpc":"2.0","id":2,"method":"held","params":{"userId":"b"}}"#)
        session.send(#"{"jsonrpc":"2.0","id":3,"method":"echo","params":{"userId":"c"}}"#)
        #expect(await session.next()?["id"]?.int64 == 3)
        await gate.arrived(2)
        await gate.open()
        #expect(await session.finish().count == 2)
    }

    @Test("Of one key the later call sees the effect of the earlier one")
    func sameKey() async throws {
        let trace = Trace()
        let gate = Gate()
        let method = Method(name: "work") { call in
            trace.append("start \(text(call.params["n"]))")
            await gate.pass()
            trace.append("end \(text(call.params["n"]))")
            return .object(call.params)
        }
        let session = try Session([method])
        for n in 1...3 {
            session.send(#"{"jsonrpc":"2.0","id":\#(n),"method":"work","params":{"n":\#(n),"email":"A@b.c"}}"#)
        }
        session.send(#"{"jsonrpc":"2.0","id":4,"method":"work","params":{"n":4}}"#)
        await gate.arrived(1)
        #expect(trace.all == ["start 1"])
        await gate.open()
        #expect(await session.finish().map { text($0["id"]) } == ["1", "2", "3", "4"])
        #expect(
            trace.all == ["start 1", "end 1", "start 2", "end 2", "start 3", "end 3", "start 4", "end 4"])
    }

    @Test("A free method answers while everything else waits")
    func free() async throws {
        let gate = Gate()
        let session = try Session([.ping, .held(by: gate)])
        session.send(#"{"jsonrpc":"2.0","id":1,"method":"held"}"#)
        session.send(#"{"jsonrpc":"2.0","id":2,"method":"held"}"#)
        session.send(#"{"jsonrpc":"2.0","id":3,"method":"ping"}"#)
        #expect(await session.next()?["id"]?.int64 == 3)
        await gate.open()
        _ = await session.finish()
    }

    @Test("An ordered session answers in request order, refusals included")
    func ordered() async throws {
        let gate = Gate()
        let session = try Session([.ping, .held(by: gate)], configuration: .test { $0.ordered = true })
        session.send(#"{"jsonrpc":"2.0","id":1,"method":"held","params":{"userId":"a"}}"#)
        session.send(#"{"jsonrpc":"2.0","id":2,"method":"nope"}"#)
        session.send("{bad")
        session.send(#"{"jsonrpc":"2.0","id":4,"method":"ping"}"#)
        session.send(#"{"jsonrpc":"2.0","id":5,"method":"ping"}"#)
        session.send(#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":4}}"#)
        await gate.arrived(1)
        await gate.open()
        let answers = await session.finish()
        #expect(answers.map { text($0["id"]) } == ["1", "2", "null", "4", "5"])
    }

    @Test("A deterministic session finishes what a request queued before the next one starts")
    func afterEach() async throws {
        let trace = Trace()
        let method = Method(name: "work", isOpen: true) { call in
            trace.append("work \(text(call.params["n"]))")
            return [:]
        }
        let session = try Session(
            [method], configuration: .test { $0.deterministic = true },
            hooks: ServerHooks(afterEach: {
                await Task.yield()
                trace.append("after")
            }))
        for n in 1...3 { session.send(#"{"jsonrpc":"2.0","id":\#(n),"method":"work","params":{"n":\#(n)}}"#) }
        _ = await session.finish()
        #expect(trace.all == ["work 1", "after", "work 2", "after", "work 3", "after"])
    }

    @Test("A call that waits is cancelled and never starts")
    func cancelWaiting() async throws {
        let gate = Gate()
        let session = try Session([.held(by: gate)])
        session.send(#"{"jsonrpc":"2.0","id":1,"method":"held","params":{"userId":"a"}}"#)
        session.send(#"{"jsonrpc":"2.0","id":2,"method":"held","params":{"userId":"a"}}"#)
        session.send(#"{"jsonrpc":"2.0","id":3,"method":"held","params":{"userId":"a"}}"#)
        await gate.arrived(1)
        session.send(#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":2}}"#)
        let answer = await session.next()
        #expect(answer?["id"]?.int64 == 2)
        #expect(answer?["error"]?["code"]?.int64 == -32800)
        #expect(answer?["error"]?["data"]?["type"]?.string == "request_cancelled")
        await gate.open()
        #expect(await session.finish().map { text($0["id"]) } == ["1", "3"])
        #expect(await gate.arrivals == 2)
    }

    @Test("A call that has begun is answered as cancelled and goes on to its end, and the next one waits for it")
    func cancelRunning() async throws {
        let gate = Gate()
        let trace = Trace()
        let method = Method(name: "work") { call in
            await gate.pass()
            trace.append("end \(text(call.params["n"]))")
            return [:]
        }
        let session = try Session([method])
        session.send(#"{"jsonrpc":"2.0","id":1,"method":"work","params":{"n":1,"userId":"a"}}"#)
        session.send(#"{"jsonrpc":"2.0","id":2,"method":"work","params":{"n":2,"userId":"a"}}"#)
        await gate.arrived(1)
        session.send(#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}"#)
        #expect(await session.next()?["error"]?["code"]?.int64 == -32800)
        #expect(trace.all.isEmpty)
        await gate.open()
        #expect(await session.finish().map { text($0["id"]) } == ["2"])
        #expect(trace.all == ["end 1", "end 2"])
    }

    @Test("An unknown or answered id is cancelled without a word", arguments: ["9", "null", "\"1\"", "[1]", "{}"])
    func cancelUnknown(id: String) async throws {
        let session = try Session([.ping])
        session.send(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
        session.send(#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":\#(id)}}"#)
        session.send(#"{"jsonrpc":"2.0","method":"$/cancelRequest"}"#)
        #expect(await session.finish().map(text) == [#"{"jsonrpc":"2.0","id":1,"result":{}}"#])
    }

    @Test("A call past its timeout is answered, and its work goes on")
    func timeout() async throws {
        let gate = Gate()
        let trace = Trace()
        let method = Method(name: "work") { _ in
            await gate.pass()
            trace.append("worked")
            return [:]
        }
        let session = try Session([method])
        session.send(#"{"jsonrpc":"2.0","id":1,"method":"work","params":{"_meta":{"timeoutMs":20}}}"#)
        let error = await session.next()?["error"]
        #expect(error?["code"]?.int64 == -32021)
        #expect(error?["data"]?["type"]?.string == "deadline_exceeded")
        #expect(error?["data"]?["retryable"]?.bool == true)
        await gate.open()
        #expect(await session.finish().isEmpty)
        #expect(trace.all == ["worked"])
    }

    @Test("Progress goes out under the host's token, and none after the answer")
    func progress() async throws {
        let gate = Gate()
        let method = Method(name: "work") { call in
            call.progress(["done": 1])
            Task.detached {
                await gate.pass()
                call.progress(["done": 2])
            }
            return [:]
        }
        let session = try Session([method, .ping])
        session.send(#"{"jsonrpc":"2.0","id":1,"method":"work","params":{"_meta":{"progressToken":"t"}}}"#)
        #expect(
            text(await session.next())
                == #"{"jsonrpc":"2.0","method":"$/progress","params":{"token":"t","value":{"done":1}}}"#)
        #expect(await session.next()?["id"]?.int64 == 1)
        await gate.open()
        session.send(#"{"jsonrpc":"2.0","id":2,"method":"work"}"#)
        #expect(await session.finish().map { text($0["id"]) } == ["2"])
    }

    @Test("No more requests are worked on than may be in flight; one that is given up keeps its place until it ends")
    func maxInFlight() async throws {
        let gate = Gate()
        let session = try Session([.held(by: gate)], configuration: .test { $0.maxInFlight = 2 })
        for n in 1...2 {
            session.send(#"{"jsonrpc":"2.0","id":\#(n),"method":"held","params":{"userId":"\#(n)"}}"#)
        }
        await gate.arrived(2)
        session.send(#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}"#)
        session.send(#"{"jsonrpc":"2.0","id":3,"method":"held","params":{"userId":"3"}}"#)
        #expect(await session.next()?["error"]?["code"]?.int64 == -32800)
        try await Task.sleep(for: .milliseconds(50))
        #expect(await gate.arrivals == 2)
        await gate.open()
        #expect(await session.finish().count == 2)
    }

    @Test("Thousands of requests are each answered once")
    func many() async throws {
        let session = try Session([.echo, .ping])
        Task.detached {
            for n in 0..<4000 {
                session.send(#"{"jsonrpc":"2.0","id":\#(n),"method":"echo","params":{"userId":"\#(n % 7)"}}"#)
                if n % 100 == 0 { session.send("{bad") }
            }
            session.endInput()
        }
        var seen: Set<Int64> = []
        var count = 0
        while let answer = await session.next() {
            count += 1
            if let id = answer["id"]?.int64 { seen.insert(id) }
        }
        #expect(seen.count == 4000)
        #expect(count == 4040)
    }
}
