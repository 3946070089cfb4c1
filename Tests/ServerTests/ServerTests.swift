import CustomerService
import Environment
import Interface
import JSON
import JSONSchema
import Server
import Synchronization
import Testing

@Suite("A session")
struct ServerTests {
    @Test("Requests are answered under their own ids, digit for digit")
    func ids() async throws {
        let session = try Session([.ping], configuration: .test { $0.ordered = true })
        session.send(#"{"jsonrpc":"2.0","id":1.50,"method":"ping"}"#)
        session.send(#"{"jsonrpc":"2.0","id":"1.50","method":"ping","params":null}"#)
        session.send(#"{"jsonrpc":"2.0","id":null,"method":"ping","params":{}}"#)
        session.send(#"{"jsonrpc":"2.0","method":"ping"}"#)
        let answers = await session.finish().map(text)
        #expect(
            answers == [
                #"{"jsonrpc":"2.0","id":1.50,"result":{}}"#, #"{"jsonrpc":"2.0","id":"1.50","result":{}}"#,
                #"{"jsonrpc":"2.0","id":null,"result":{}}"#,
            ])
        #expect(await session.exitReason() == .endOfInput)
    }

    @Test("The same requests give the same answers however they are delivered", arguments: Delivery.allCases)
    func deliveries(delivery: Delivery) async throws {
        let session = try Session([.echo], configuration: .test { $0.ordered = true })
        let lines = [
            #"{"jsonrpc":"2.0","id":1,"method":"echo","params":{"text":"é\u2028"}}"#, "{bad", "",
            #"[{"jsonrpc":"2.0","id":2,"method":"echo"},{"jsonrpc":"2.0","method":"echo"}]"#, "[]",
            #"{"jsonrpc":"2.0","id":3,"method":"echo","params":{"a":[1.0,1e2]}}"#,
        ]
        switch delivery {
        case .lineByLine: for line in lines { session.send(line) }
        case .byteByByte: for byte in Array((lines.joined(separator: "\n") + "\n").utf8) { session.send([byte]) }
        case .oneWrite: session.send(Array(lines.joined(separator: "\n").utf8))
        case .carriageReturns: session.send(Array(("\u{FEFF}" + lines.joined(separator: "\r\n") + "\r\n").utf8))
        }
        let answers = await session.finish()
        #expect(answers.count == 5)
        #expect(answers.first.map { text($0["result"]) } == #"{"text":"é\u2028"}"#)
        #expect(answers[1]["error"]?["code"]?.int64 == -32700)
        #expect(text(answers[2]) == #"[{"jsonrpc":"2.0","id":2,"result":{}}]"#)
        #expect(answers[3]["error"]?["code"]?.int64 == -32600)
        #expect(text(answers[4]["result"]) == #"{"a":[1.0,1e2]}"#)
    }

    enum Delivery: CaseIterable { case lineByLine, byteByByte, oneWrite, carriageReturns }

    @Test("An unknown method is told with the nearest known one")
    func unknownMethod() async throws {
        let session = try Session([.ping, .echo])
        session.send(#"{"jsonrpc":"2.0","id":1,"method":"pnig"}"#)
        let error = await session.next()?["error"]
        #expect(error?["code"]?.int64 == -32601)
        #expect(error?["message"]?.string == "Method not found")
        #expect(error?["data"]?["suggestion"]?.string == "ping")
        _ = await session.finish()
    }

    @Test("All violations are told at once, those of _meta too")
    func violations() async throws {
        let schema: JSONValue = [
            "type": "object", "properties": ["a": ["type": "string"], "b": ["type": "integer"]],
            "additionalProperties": false,
        ]
        let session = try Session([.echo], schemas: ["echo": schema])
        session.send(
            #"{"jsonrpc":"2.0","id":1,"method":"echo","params":{"a":1,"b":"x","_meta":{"timeoutMs":0,"who":"me"}}}"#)
        let error = await session.next()?["error"]
        #expect(error?["code"]?.int64 == -32602)
        #expect(error?["message"]?.string == "Invalid params")
        let locations = error?["data"]?["violations"]?.array?.compactMap { $0["instanceLocation"]?.string }
        #expect(locations?.contains("/a") == true && locations?.contains("/b") == true)
        #expect(locations?.contains("/_meta/timeoutMs") == true)
        #expect(error?["data"]?["violationCount"]?.int64 == 4)
        #expect(error?["data"]?["type"]?.string == "invalid_params")
        _ = await session.finish()
    }

    @Test("_meta reaches the method as its context and not as a parameter")
    func meta() async throws {
        let method = Method(name: "who") { call in
            [
                "params": .object(call.params), "actor": .string(call.meta.actor?.id ?? ""),
                "role": .string(call.meta.actor?.role ?? ""), "key": .string(call.meta.idempotencyKey ?? ""),
            ]
        }
        let session = try Session([method])
        session.send(
            #"{"jsonrpc":"2.0","id":1,"method":"who","params":{"x":1,"_meta":{"actor":{"id":"u1","role":"admin"},"idempotencyKey":"k"}}}"#
        )
        let result = await session.next()?["result"]
        #expect(text(result) == #"{"params":{"x":1},"actor":"u1","role":"admin","key":"k"}"#)
        _ = await session.finish()
    }

    @Test("A key that could be one of the process's own is refused")
    func ownKey() async throws {
        let session = try Session([.echo])
        for key in ["stripe-customers-update-1", "stripe-customers-"] {
            session.send(
                #"{"jsonrpc":"2.0","id":1,"method":"echo","params":{"_meta":{"idempotencyKey":"\#(key)"}}}"#)
            let data = await session.next()?["error"]?["data"]
            #expect(data?["type"]?.string == "invalid_params")
            let place = data?["violations"]?.array?.first?["instanceLocation"]?.string
            #expect(place == "/_meta/idempotencyKey")
        }
        _ = await session.finish()
    }

    @Test(
        "A key is 1 to 255 visible ASCII characters, without spaces at the ends",
        arguments: [
            ("lead", true), ("!", true), ("~", true), ("order 8123", true), ("a  b", true),
            (String(repeating: "k", count: 255), true), ("", false), (" ", false), ("   ", false), (" lead", false),
            ("lead ", false), (#"lead\t"#, false), (#"a\nb"#, false), (#"\u0000"#, false), (#"a\u007f"#, false),
            ("schl\u{FC}ssel", false), (#"lead\u00a0"#, false), ("\u{FF4B}ey", false),
            (String(repeating: "k", count: 256), false),
        ])
    func keyForms(key: String, isKey: Bool) async throws {
        let session = try Session([.echo])
        session.send(#"{"jsonrpc":"2.0","id":1,"method":"echo","params":{"_meta":{"idempotencyKey":"\#(key)"}}}"#)
        let answer = await session.next()
        #expect((answer?["error"] == nil) == isKey)
        if !isKey {
            let violations = answer?["error"]?["data"]?["violations"]?.array ?? []
            #expect(violations.allSatisfy { $0["instanceLocation"] == "/_meta/idempotencyKey" } && !violations.isEmpty)
        }
        _ = await session.finish()
    }

    @Test("Params by position are refused with the reason")
    func positional() async throws {
        let session = try Session([.echo])
        session.send(#"{"jsonrpc":"2.0","id":1,"method":"echo","params":[1]}"#)
        let violation = await session.next()?["error"]?["data"]?["violations"]?.array?.first
        #expect(violation?["error"]?.string == "params are given by name: an object, not an array")
        _ = await session.finish()
    }

    @Test("A notification is never answered, whatever is wrong with it")
    func notifications() async throws {
        let failing = Method(name: "failing") { _ throws(ServiceError) in
            throw ServiceError(.userNotFound, "No user")
        }
        let session = try Session([failing, .echo], schemas: ["echo": false])
        session.send(#"{"jsonrpc":"2.0","method":"failing"}"#)
        session.send(#"{"jsonrpc":"2.0","method":"echo","params":{}}"#)
        session.send(#"{"jsonrpc":"2.0","method":"echo","params":[]}"#)
        session.send(#"{"jsonrpc":"2.0","method":"nope"}"#)
        session.send(#"[{"jsonrpc":"2.0","method":"nope"},{"jsonrpc":"2.0","method":"failing"}]"#)
        session.send(#"{"jsonrpc":"2.0","id":7,"result":1}"#)
        #expect(await session.finish().isEmpty)
    }

    @Test("A batch is answered in one line, in the order of its requests, what is no request included")
    func batch() async throws {
        let gate = Gate()
        let session = try Session([.ping, .held(by: gate)])
        session.send(
            #"[{"jsonrpc":"2.0","id":1,"method":"held","params":{"userId":"a"}},1,{"jsonrpc":"2.0","method":"ping"},"#
                + #"{"jsonrpc":"2.0","id":2,"method":"ping"}]"#)
        await gate.arrived(1)
        await gate.open()
        let answer = await session.next()
        #expect(answer?.array?.count == 3)
        #expect(answer?.array?.map { text($0["id"]) } == ["1", "null", "2"])
        _ = await session.finish()
    }

    @Test("A batch larger than what may be in flight is answered", arguments: [false, true])
    func largeBatch(ordered: Bool) async throws {
        let configuration = ServerConfiguration.test {
            $0.maxInFlight = 1
            $0.ordered = ordered
        }
        let session = try Session([.echo], configuration: configuration)
        let requests = (1...50).map { #"{"jsonrpc":"2.0","id":\#($0),"method":"echo","params":{"userId":"a"}}"# }
        session.send("[\(requests.joined(separator: ","))]")
        #expect(await session.finish().first?.array?.count == 50)
    }

    @Test(
        "A batch whose answers have become too long carries out no more requests, and answers each",
        arguments: [false, true])
    func longBatchAnswer(ordered: Bool) async throws {
        let configuration = ServerConfiguration.test {
            $0.maxInFlight = 1
            $0.ordered = ordered
            $0.maxBatchAnswerBytes = 1000
        }
        let counter = Counter()
        let counting = Method(name: "counting") { _ in
            counter.calls.add(1, ordering: .relaxed)
            return [:]
        }
        let session = try Session([.echo, counting], configuration: configuration)
        let long = String(repeating: "x", count: 1000)
        session.send(
            #"[{"jsonrpc":"2.0","id":1,"method":"echo","params":{"userId":"\#(long)"}},"#
                + #"{"jsonrpc":"2.0","id":2,"method":"counting"},{"jsonrpc":"2.0","method":"counting"},1]"#)
        session.send(#"{"jsonrpc":"2.0","id":3,"method":"counting"}"#)
        let answers = try #require(await session.next()?.array)
        #expect(answers.map { text($0["id"]) } == ["1", "2", "null"])
        #expect(answers[1]["error"]?["code"] == -32600)
        #expect(answers[1]["error"]?["data"]?["limit"] == 1000)
        #expect(answers[1]["error"]?["data"]?["retryable"] == true)
        _ = await session.finish()
        // The notification and the request after the batch.
        #expect(counter.calls.load(ordering: .relaxed) == 2)
    }

    @Test("While the answers of other batches fill the memory, the next batch is not begun")
    func batchMemory() async throws {
        let gate = Gate()
        let counter = Counter()
        let counting = Method(name: "counting") { _ in
            counter.calls.add(1, ordering: .relaxed)
            return [:]
        }
        let session = try Session(
            [.echo, .held(by: gate), counting], configuration: .test { $0.maxBatchAnswerBytes = 1000 })
        let long = String(repeating: "x", count: 1000)
        session.send(
            #"[{"jsonrpc":"2.0","id":1,"method":"held","params":{"userId":"a"}},"#
                + #"{"jsonrpc":"2.0","id":2,"method":"echo","params":{"userId":"\#(long)"}}]"#)
        session.send(#"{"jsonrpc":"2.0","id":3,"method":"echo","params":{"userId":"b"}}"#)
        #expect(await session.next()?["id"] == 3)
        session.send(#"[{"jsonrpc":"2.0","id":4,"method":"counting"}]"#)
        try await Task.sleep(for: .milliseconds(200))
        #expect(counter.calls.load(ordering: .relaxed) == 0)
        await gate.open()
        #expect(await session.next()?.array?.count == 2)
        #expect(await session.next()?.array?.count == 1)
        _ = await session.finish()
    }

    @Test("A token of progress comes back short however it is written, and can't be a long text")
    func progressTokens() throws {
        #expect(CallMeta(["progressToken": .number(JSONNumber(text: "7.000"))]).progressToken?.description == "7")
        #expect(CallMeta(["progressToken": "7.000"]).progressToken == "7.000")
        let schema = try Schema(CallMeta.schema)
        #expect(schema.validate(["progressToken": .string(String(repeating: "t", count: 255))]).isEmpty)
        #expect(!schema.validate(["progressToken": .string(String(repeating: "t", count: 256))]).isEmpty)
        #expect(!schema.validate(["progressToken": .number(JSONNumber(text: "1e400"))]).isEmpty)
    }

    @Test("An id stands once in a batch, however soon its first request is done, and is free after the batch")
    func duplicateInBatch() async throws {
        let session = try Session([.ping])
        for _ in 0..<50 {
            session.send(
                "[" + String(repeating: #"{"jsonrpc":"2.0","id":1,"method":"ping"},"#, count: 4)
                    + #"{"jsonrpc":"2.0","id":2,"method":"ping"}]"#)
            let answers = await session.next()?.array ?? []
            #expect(answers.map { $0["id"]?.int64 } == [1, nil, nil, nil, 2])
            let errors = answers.compactMap { $0["error"] }
            #expect(errors.map { $0["code"]?.int64 } == [-32600, -32600, -32600])
            #expect(errors.map { $0["data"]?["id"]?.int64 } == [1, 1, 1])
        }
        _ = await session.finish()
    }

    @Test("An id that is in flight can't be used again, and can after its answer")
    func duplicateID() async throws {
        let gate = Gate()
        let session = try Session([.ping, .held(by: gate)])
        session.send(#"{"jsonrpc":"2.0","id":1,"method":"held"}"#)
        session.send(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
        session.send(#"{"jsonrpc":"2.0","id":"1","method":"ping"}"#)
        let duplicate = await session.next()
        #expect(duplicate?["id"]?.isNull == true)
        #expect(duplicate?["error"]?["code"]?.int64 == -32600)
        #expect(duplicate?["error"]?["data"]?["id"]?.int64 == 1)
        #expect(await session.next()?["id"]?.string == "1")
        await gate.open()
        #expect(await session.next()?["id"]?.int64 == 1)
        session.send(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
        #expect(text(await session.next()) == #"{"jsonrpc":"2.0","id":1,"result":{}}"#)
        _ = await session.finish()
    }

    @Test("Every kind of service error has the code of the table", arguments: ServiceError.Kind.allCases)
    func errors(kind: ServiceError.Kind) async throws {
        let failing = Method(name: "failing") { _ throws(ServiceError) in
            throw ServiceError(kind, "For people.", retryable: true, details: ["customerId": "cus_1"])
        }
        let session = try Session([failing])
        session.send(#"{"jsonrpc":"2.0","id":1,"method":"failing"}"#)
        let error = await session.next()?["error"]
        #expect(error?["code"]?.int64 == Int64(kind.code))
        #expect(error?["data"]?["type"]?.string == kind.rawValue)
        #expect(error?["data"]?["retryable"]?.bool != nil)
        switch kind {
        case .internalError:
            #expect(error?["message"]?.string == "Internal error")
            #expect(error?["data"]?["errorId"]?.string?.isEmpty == false)
            #expect(!text(error).contains("For people"))
        case .invalidParams: #expect(error?["message"]?.string == "Invalid params")
        default:
            #expect(error?["message"]?.string == "For people.")
            #expect(error?["data"]?["customerId"]?.string == "cus_1")
        }
        _ = await session.finish()
    }

    @Test("A line over the limit is answered with the limit, and the next one is served")
    func lineLimit() async throws {
        let session = try Session([.ping], configuration: .test { $0.maxLineBytes = 100 })
        session.send(String(repeating: "x", count: 5000))
        session.send(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
        let answers = await session.finish()
        #expect(answers.first?["error"]?["code"]?.int64 == -32600)
        #expect(answers.first?["error"]?["data"]?["limit"]?.int64 == 100)
        #expect(answers.last?["id"]?.int64 == 1)
    }

    @Test("The end of the input lets work finish, then drains, then ends")
    func endOfInput() async throws {
        let gate = Gate()
        let trace = Trace()
        let method = Method(name: "work") { _ in
            await gate.pass()
            trace.append("worked")
            return [:]
        }
        let session = try Session([method], hooks: ServerHooks(drain: { trace.append("drained") }))
        session.send(#"{"jsonrpc":"2.0","id":1,"method":"work"}"#)
        await gate.arrived(1)
        session.endInput()
        await gate.open()
        #expect(await session.next()?["id"]?.int64 == 1)
        #expect(await session.exitReason() == .endOfInput)
        #expect(trace.all == ["worked", "drained"])
    }

    @Test(
        "Termination finishes what was read, refuses what comes after it, and answers what the grace was too short for")
    func termination() async throws {
        let gate = Gate()
        let session = try Session([.held(by: gate)])
        session.send(#"{"jsonrpc":"2.0","id":1,"method":"held"}"#)
        await gate.arrived(1)
        session.server.terminate()
        let ping = #"{"jsonrpc":"2.0","id":2,"method":"ping"}"#
        session.send(ping)
        while let answer = await session.next(), answer["error"]?["data"]?["type"]?.string != "shutting_down" {
            session.send(ping)
        }
        await gate.open()
        #expect(await session.next()?["id"]?.int64 == 1)
        #expect(await session.exitReason() == .terminated)

        let stuck = Gate()
        let hurried = ServerConfiguration.test {
            $0.terminationGrace = 50
            $0.farewell = 30_000
        }
        let trace = Trace()
        let other = try Session(
            [.held(by: stuck)], configuration: hurried, log: Log { _, event, _ in trace.append(event) })
        other.send(#"{"jsonrpc":"2.0","id":1,"method":"held"}"#)
        other.send(#"[{"jsonrpc":"2.0","id":2,"method":"held"},{"jsonrpc":"2.0","id":3,"method":"nothing"}]"#)
        await stuck.arrived(1)
        // The batch has been read to its end once the method that there is not has been logged.
        while !trace.all.contains("call") { try await Task.sleep(for: .milliseconds(1)) }
        other.server.terminate()
        let answers = [await other.next(), await other.next()].compactMap(\.self).flatMap { $0.array ?? [$0] }
        let codes = Dictionary(uniqueKeysWithValues: answers.map { ($0["id"]?.int64, $0["error"]?["code"]?.int64) })
        #expect(codes == [1: -32040, 2: -32040, 3: -32601])
        #expect(await other.exitReason() == .graceOver)
        await stuck.open()
    }

    @Test("The log has one line for a call, without the email, with what was asked of Stripe")
    func callLog() async throws {
        let trace = Trace()
        let asksTwice = Method(name: "asks") { _ in
            RequestTrail.current?.note("req_1", isMutation: true)
            RequestTrail.current?.note("req_2", isMutation: false)
            RequestTrail.current?.note(nil, isMutation: false)
            return [:]
        }
        let log = Log { _, event, fields in trace.append(event + " " + text(.object(fields))) }
        let session = try Session([.echo, asksTwice], log: log)
        let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        session.send(
            #"{"jsonrpc":"2.0","id":1,"method":"echo","params":{"userId":"u1","customerId":"cus_1","#
                + #""email":"ada@example.com","_meta":{"traceparent":"\#(traceparent)"}}}"#)
        session.send(#"{"jsonrpc":"2.0","id":2,"method":"asks"}"#)
        _ = await session.finish()
        #expect(trace.all.count == 2)
        #expect(trace.all.contains { $0.contains(#""id":2,"outcome":"ok","stripeAttempts":3,"requestId":"req_2","#) })
        let line = try #require(trace.all.first { $0.contains("echo") })
        #expect(
            line.hasPrefix(
                #"call {"method":"echo","userId":"u1","customerId":"cus_1","traceparent":"\#(traceparent)","#
                    + #""id":1,"outcome":"ok","durationMs":"#))
        #expect(!line.contains("ada@"))
    }
}

private final class Counter: Sendable {
    let calls = Atomic(0)
}
