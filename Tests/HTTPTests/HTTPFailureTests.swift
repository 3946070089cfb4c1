import HTTP
import TestSupport
import Testing

@Suite("What goes wrong, and whether the request may have arrived")
struct HTTPFailureTests {
    @Test("A connection that ends before the response leaves the outcome unknown", arguments: [true, false])
    func lostConnection(reset: Bool) async throws {
        let server = try LoopbackServer { _ in reset ? .reset : .close }
        let failure = try await failure(of: HTTPRequest(method: .post, url: server.url))
        #expect(failure.kind == .connectionLost)
        #expect(failure.outcomeUnknown)
        #expect(server.requests.count == 1)
    }

    @Test("A response that stalls past the total timeout leaves the outcome unknown")
    func stall() async throws {
        let server = try LoopbackServer { _ in .stall(milliseconds: 60_000) }
        let started = ContinuousClock.now
        let failure = try await failure(
            of: HTTPRequest(method: .post, url: server.url), HTTPConfiguration(totalTimeout: 2_000))
        #expect(failure.kind == .timedOut)
        #expect(failure.outcomeUnknown)
        #expect(ContinuousClock.now - started < .seconds(30))
    }

    @Test("A body that trickles past the total timeout ends there")
    func trickle() async throws {
        let server = try LoopbackServer { _ in
            .trickle(body: [UInt8](repeating: 0x61, count: 1000), pieceBytes: 1, pauseMilliseconds: 20)
        }
        let failure = try await failure(
            of: HTTPRequest(method: .get, url: server.url), HTTPConfiguration(totalTimeout: 200))
        #expect(failure.kind == .timedOut)
    }

    @Test("A request that waits for a connection times out like one that was sent, but its outcome is known")
    func stallInQueue() async throws {
        let server = try LoopbackServer { _ in .stall(milliseconds: 60_000) }
        let http = CurlExchange(configuration: HTTPConfiguration(totalTimeout: 300, maximumConnections: 1))
        let started = ContinuousClock.now
        let failures = await withTaskGroup(of: HTTPFailure?.self) { group in
            for _ in 1...5 {
                group.addTask {
                    await #expect(throws: HTTPFailure.self) {
                        try await http.send(HTTPRequest(method: .post, url: server.url))
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(ContinuousClock.now - started < .seconds(30))
        #expect(failures.allSatisfy { $0?.kind == .timedOut })
        // What was sent may still be on its way through the server.
        let sent = failures.count { $0?.outcomeUnknown == true }
        try await until("as many requests as outcomes are unknown") { server.requests.count >= sent }
        #expect(server.requests.count == sent)
    }

    @Test("A refused connection is known not to have carried the request")
    func refused() async throws {
        let server = try LoopbackServer { _ in .close }
        server.stop()
        let failure = try await failure(of: HTTPRequest(method: .post, url: server.url))
        #expect(failure.kind == .refused)
        #expect(!failure.outcomeUnknown)
        // The same words each time: without how long it took.
        #expect(failure.detail.hasPrefix("Failed to connect to 127.0.0.1 port \(server.port): "))
    }

    @Test("A resent request that then fails to connect still has an unknown outcome")
    func refusedAfterResend() async throws {
        let box = ServerBox()
        let server = try LoopbackServer { request in
            guard request.number == 2 else { return .text("{}") }
            box.refuseConnections()
            return .reset
        }
        box.put(server)
        defer { box.put(nil) }
        let http = CurlExchange()
        _ = try await http.send(HTTPRequest(method: .post, url: server.url))
        let failure = try await failure(of: HTTPRequest(method: .post, url: server.url), sentBy: http)
        #expect(failure.outcomeUnknown)
    }

    @Test(
        "What libcurl repeats of a proxy's URL is without its user and password",
        arguments: [
            (
                "Unsupported proxy scheme for 'socks9://u:p@proxy.example:1'",
                "Unsupported proxy scheme for 'socks9://***@proxy.example:1'"
            ),
            (
                "Unsupported proxy syntax in 'http://u:p q'@x@h:1': Malformed input",
                "Unsupported proxy syntax in 'http://***@h:1': Malformed input"
            ),
            ("Unsupported proxy syntax in 'u:p://q@h'", "Unsupported proxy syntax in '***@h'"),
            ("Could not resolve proxy: u:p@h", "***@h"), ("Could not resolve host: h", "Could not resolve host: h"),
        ])
    func credentials(detail: String, told: String) {
        #expect(withoutCredentials(detail) == told)
    }

    @Test("A name that does not resolve is known not to have carried the request")
    func unresolvable() async throws {
        let failure = try await failure(of: HTTPRequest(method: .post, url: "https://nowhere.invalid/"))
        #expect(failure.kind == .unresolved)
        #expect(!failure.outcomeUnknown)
    }

    @Test("TLS with something that does not speak it fails before the request is sent")
    func notTLS() async throws {
        let server = try LoopbackServer { _ in .text("{}") }
        let url = "https://127.0.0.1:\(server.port)/"
        let failure = try await failure(of: HTTPRequest(method: .post, url: url), HTTPConfiguration(totalTimeout: 1000))
        #expect([.handshake, .timedOut].contains(failure.kind))
        #expect(!failure.outcomeUnknown)
        #expect(server.requests.isEmpty)
    }

    @Test("A body cut short is never taken for the whole", arguments: [0, 1, 9])
    func truncated(after bytes: Int) async throws {
        let server = try LoopbackServer { _ in .truncate(body: Array("0123456789".utf8), after: bytes) }
        let failure = try await failure(of: HTTPRequest(method: .post, url: server.url))
        #expect(failure.kind == .truncated)
        #expect(failure.outcomeUnknown)
    }

    @Test("A chunked body without its end is never taken for the whole")
    func truncatedChunks() async throws {
        let bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n"
        let server = try LoopbackServer { _ in .raw(Array(bytes.utf8)) }
        let failure = try await failure(of: HTTPRequest(method: .post, url: server.url))
        #expect(failure.kind == .truncated)
        #expect(failure.outcomeUnknown)
    }

    @Test("What is not HTTP is a failure whose outcome is unknown")
    func garbage() async throws {
        let server = try LoopbackServer { _ in .raw(Array("SSH-2.0-OpenSSH_9.2\r\n".utf8)) }
        let failure = try await failure(of: HTTPRequest(method: .post, url: server.url))
        #expect(failure.kind == .connectionLost)
        #expect(failure.outcomeUnknown)
    }

    @Test("A body at the limit is accepted, one byte more is not", arguments: [1000, 1001])
    func bodyLimit(bytes: Int) async throws {
        let server = try LoopbackServer { _ in .respond(body: [UInt8](repeating: 0x61, count: bytes)) }
        let http = CurlExchange(configuration: HTTPConfiguration(maximumResponseBytes: 1000))
        let request = HTTPRequest(method: .post, url: server.url)
        if bytes <= 1000 {
            #expect(try await http.send(request).body.count == bytes)
        } else {
            let failure = try await failure(of: request, sentBy: http)
            #expect(failure.kind == .responseTooLarge)
            #expect(failure.outcomeUnknown)
        }
    }

    @Test("A body without end is dropped at the limit, not collected")
    func endlessBody() async throws {
        let head = "HTTP/1.1 200 OK\r\n\r\n"
        let server = try LoopbackServer { _ in .raw(Array(head.utf8) + [UInt8](repeating: 0, count: 32 << 20)) }
        let http = CurlExchange(configuration: HTTPConfiguration(maximumResponseBytes: 64 << 10))
        let failure = try await failure(of: HTTPRequest(method: .get, url: server.url), sentBy: http)
        #expect(failure.kind == .responseTooLarge)
    }

    @Test("Shutting down fails what is under way and everything after")
    func shutDown() async throws {
        let arrived = Signal()
        let server = try LoopbackServer { _ in
            arrived.fire()
            return .stall(milliseconds: 10_000)
        }
        let http = CurlExchange()
        async let underWay = failure(of: HTTPRequest(method: .post, url: server.url), sentBy: http)
        await arrived.wait()
        http.shutDown()
        #expect(try await underWay.kind == .shutDown)
        #expect(try await underWay.outcomeUnknown)
        let later = try await failure(of: HTTPRequest(method: .post, url: server.url), sentBy: http)
        #expect(later.kind == .shutDown)
        #expect(!later.outcomeUnknown)
        http.shutDown()
    }

    @Test("A cancelled task still learns the outcome")
    func cancellation() async throws {
        let arrived = Signal()
        let server = try LoopbackServer { _ in
            arrived.fire()
            return .stall(milliseconds: 50, then: .text("done"))
        }
        let http = CurlExchange()
        let task = Task { try await http.send(HTTPRequest(method: .post, url: server.url)) }
        await arrived.wait()
        task.cancel()
        #expect(try await task.value.text == "done")
    }
}
