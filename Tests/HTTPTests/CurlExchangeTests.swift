import HTTP
import TestSupport
import Testing

@Suite("A request and its response")
struct CurlExchangeTests {
    @Test("Method, path, query, headers and body arrive as given, and status, headers and body come back")
    func roundTrip() async throws {
        let server = try LoopbackServer { request in
            .respond(status: 402, headers: ["Request-Id": "req_1", "X-Method": request.method], body: request.body)
        }
        let http = CurlExchange(configuration: HTTPConfiguration(userAgent: "tests/1"))
        let response = try await http.send(
            HTTPRequest(
                method: .post, url: server.url + "/v1/a%2Fb/../c?email=a%40b.c&limit=2",
                headers: [("Idempotency-Key", "key 1"), ("X-Empty", "")], body: Array("name=Zo%C3%AB".utf8)))
        #expect(response.status == 402)
        #expect(response.headers["request-id"] == "req_1")
        #expect(response.headers["x-method"] == "POST")
        #expect(response.body == Array("name=Zo%C3%AB".utf8))
        let request = try #require(server.requests.first)
        #expect(request.path == "/v1/a%2Fb/../c")
        #expect(request.query == ["email": "a@b.c", "limit": "2"])
        #expect(request.form == ["name": "Zoë"])
        #expect(request.headers["idempotency-key"] == "key 1")
        #expect(request.headers["x-empty"] == "")
        #expect(request.headers["user-agent"] == "tests/1")
        #expect(request.headers["host"] == "127.0.0.1:\(server.port)")
    }

    @Test("Each method arrives with the body it was given", arguments: [HTTPMethod.get, .post, .delete], [0, 3])
    func methods(method: HTTPMethod, bodyBytes: Int) async throws {
        let server = try LoopbackServer { request in .text("\(request.method) \(request.body.count)") }
        let http = CurlExchange()
        let body = [UInt8](repeating: 0x61, count: bodyBytes)
        for _ in 1...2 {
            let response = try await http.send(HTTPRequest(method: method, url: server.url + "/", body: body))
            #expect(response.text == "\(method.rawValue) \(bodyBytes)")
        }
        #expect(server.requests.allSatisfy { $0.headers["expect"] == nil })
    }

    @Test("A body of two megabytes goes out at once, without waiting for 100 Continue")
    func largeRequest() async throws {
        let server = try LoopbackServer { request in .text("\(request.body.count)") }
        let http = CurlExchange()
        let body = [UInt8](repeating: 0, count: 2 << 20)
        #expect(try await http.send(HTTPRequest(method: .post, url: server.url, body: body)).text == "\(2 << 20)")
        #expect(server.requests.first?.headers["expect"] == nil)
    }

    @Test("Repeated headers are joined, names are in lower case, and a 1xx response leaves nothing behind")
    func headers() async throws {
        let bytes =
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
            + "HTTP/1.1 200 OK\r\nVary: Origin\r\nVARY: Accept\r\nEmpty:\r\nContent-Length: 2\r\n\r\nok"
        let server = try LoopbackServer { _ in .raw(Array(bytes.utf8)) }
        let response = try await CurlExchange().send(HTTPRequest(method: .get, url: server.url))
        #expect(response.headers == ["vary": "Origin, Accept", "empty": "", "content-length": "2"])
        #expect(response.text == "ok")
    }

    @Test("A folded header line goes on with the value before it")
    func folded() async throws {
        let bytes = "HTTP/1.1 200 OK\r\nX-Long: a\r\n  b\r\n\tc\r\nContent-Length: 0\r\n\r\n"
        let server = try LoopbackServer { _ in .raw(Array(bytes.utf8)) }
        let response = try await CurlExchange().send(HTTPRequest(method: .get, url: server.url))
        #expect(response.headers == ["x-long": "a b c", "content-length": "0"])
    }

    @Test(
        "Headers without end are a response that is too large, and hold up no other request",
        arguments: [
            String(repeating: "A:\r\n", count: 60_000),
            (0..<60_000).map { "A\($0): \($0)\r\n" }.joined(),
            "A: " + String(repeating: "x", count: 90_000) + "\r\n",
            "A: x\r\n" + String(repeating: " y\r\n", count: 60_000),
            String(repeating: "Link: x\r\n\r\nHTTP/1.1 103 Early Hints\r\n", count: 10_000),
        ])
    func endlessHeaders(lines: String) async throws {
        let head = lines.hasPrefix("Link") ? "HTTP/1.1 103 Early Hints\r\n" : "HTTP/1.1 200 OK\r\n"
        let server = try LoopbackServer { request in
            request.path == "/small"
                ? .text("ok") : .raw(Array((head + lines + "Content-Length: 0\r\n\r\n").utf8))
        }
        let exchange = CurlExchange()
        async let large = exchange.send(HTTPRequest(method: .get, url: server.url + "/large"))
        async let small = exchange.send(HTTPRequest(method: .get, url: server.url + "/small"))
        #expect(try await small.text == "ok")
        var failure: HTTPFailure.Kind?
        do { _ = try await large } catch { failure = (error as? HTTPFailure)?.kind }
        #expect(failure == .responseTooLarge)
    }

    @Test("Thousands of headers of one name within the limit are joined")
    func manyHeaders() async throws {
        let lines = String(repeating: "A:\r\n", count: 15_000)
        let server = try LoopbackServer { _ in
            .raw(Array(("HTTP/1.1 200 OK\r\n" + lines + "Content-Length: 0\r\n\r\n").utf8))
        }
        let response = try await CurlExchange().send(HTTPRequest(method: .get, url: server.url))
        #expect(response.headers["a"]?.utf8.count == 14_999 * 2)
    }

    @Test("A chunked body is put together and its trailers are left out")
    func chunked() async throws {
        let bytes =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n"
        let server = try LoopbackServer { _ in .raw(Array(bytes.utf8)) }
        let response = try await CurlExchange().send(HTTPRequest(method: .get, url: server.url))
        #expect(response.text == "abcde")
        #expect(response.headers["x-trailer"] == nil)
    }

    @Test("A body that trickles in is put together")
    func trickle() async throws {
        let server = try LoopbackServer { _ in
            .trickle(body: Array("abcdefg".utf8), pieceBytes: 2, pauseMilliseconds: 5)
        }
        #expect(try await CurlExchange().send(HTTPRequest(method: .get, url: server.url)).text == "abcdefg")
    }

    @Test("A redirect is a response like any other", arguments: [301, 302, 307, 308])
    func redirect(status: Int) async throws {
        let server = try LoopbackServer { _ in
            .respond(status: status, headers: ["Location": "https://evil.example/"])
        }
        let response = try await CurlExchange().send(HTTPRequest(method: .post, url: server.url))
        #expect(response.status == status)
        #expect(server.requests.count == 1)
    }
}

@Suite("Connections")
struct ConnectionTests {
    @Test("Requests one after the other share one connection")
    func reuse() async throws {
        let server = try LoopbackServer { _ in .text("{}") }
        let http = CurlExchange()
        for number in 1...50 {
            let body = number % 2 == 0 ? [UInt8]() : [UInt8](repeating: 0x61, count: number)
            _ = try await http.send(HTTPRequest(method: number % 3 == 0 ? .get : .post, url: server.url, body: body))
        }
        #expect(server.requests.count == 50)
        #expect(server.connectionCount == 1)
    }

    @Test("Two hundred requests at once all get their own answer over at most eight connections")
    func concurrency() async throws {
        let server = try LoopbackServer { request in .stall(milliseconds: 2, then: .respond(body: request.body)) }
        let http = CurlExchange(configuration: HTTPConfiguration(maximumConnections: 8))
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 1...200 {
                group.addTask {
                    let body = Array("\(number)".utf8)
                    return try await http.send(HTTPRequest(method: .post, url: server.url, body: body)).body == body
                }
            }
            for try await isOwn in group { #expect(isOwn) }
        }
        #expect(server.requests.count == 200)
        #expect(server.connectionCount <= 8)
    }

    @Test("A slow request does not hold up the others")
    func noHeadOfLineBlocking() async throws {
        let server = try LoopbackServer { request in
            request.path == "/slow" ? .stall(milliseconds: 120_000, then: .text("slow")) : .text("fast")
        }
        let http = CurlExchange()
        let slow = Task { try? await http.send(HTTPRequest(method: .get, url: server.url + "/slow")) }
        let started = ContinuousClock.now
        for _ in 1...20 {
            #expect(try await http.send(HTTPRequest(method: .get, url: server.url + "/fast")).text == "fast")
        }
        #expect(ContinuousClock.now - started < .seconds(60))
        http.shutDown()
        #expect(await slow.value == nil)
    }

    @Test("A request whose kept connection has died is sent again on a new one, with the same key and body")
    func resend() async throws {
        let server = try LoopbackServer { request in request.number == 2 ? .reset : .text("\(request.number)") }
        let http = CurlExchange()
        let request = HTTPRequest(
            method: .post, url: server.url, headers: [("Idempotency-Key", "k")], body: Array("a=1".utf8))
        #expect(try await http.send(request).text == "1")
        #expect(try await http.send(request).text == "3")
        #expect(server.connectionCount == 2)
        #expect(server.requests.allSatisfy { $0.headers["idempotency-key"] == "k" && $0.form == ["a": "1"] })
    }
}

extension HTTPResponse {
    var text: String { String(decoding: body, as: UTF8.self) }
}
