import HTTP
import TestSupport
import Testing

@Suite("Requests that are refused before there is a socket")
struct InvalidRequestTests {
    @Test(
        "A URL that is not https, or http to this machine, is refused",
        arguments: [
            "", "api.stripe.com/v1", "ftp://127.0.0.1/", "file:///etc/passwd", "https:/x", "https://", "https:///v1",
            "http://api.stripe.com/", "http://10.0.0.1/", "http://128.0.0.1/", "http://0.0.0.0/", "http://[::2]/",
            "http://127.0.0.1.example.com/", "http://localhost.example.com/", "http://127.1/", "http://0177.0.0.1/",
            "http://127.0.0.01/", "http://127.0.0.256/", "http://127.0.0/", "http://2130706433/", "http://[::1/",
            "http://127.0.0.1@evil.example/", "https://user:pass@api.stripe.com/", "http://localhost\\@evil.example/",
            "http://127.0.0.1#@evil.example/", "http://localhost%2eevil.example/", "https://a b/", "https://a/\r\nX: 1",
            "https://a/\u{0}", "https://a/é", "https://a:0/", "https://a:65536/", "https://a:+1/", "https://a:x/",
            "https://a:/", "https://a:1:2/", "https://[::1]x/", "https://[g::]/", "https://[]/",
        ])
    func refused(url: String) async throws {
        let failure = try await failure(of: HTTPRequest(method: .get, url: url))
        #expect(failure.kind == .invalidRequest)
        #expect(!failure.outcomeUnknown)
        #expect(failure.detail.contains("evil") == false)
    }

    @Test(
        "Every spelling of this machine is good for http",
        arguments: ["http://127.0.0.1", "HTTP://LOCALHOST", "http://localhost", "http://127.9.8.7", "http://[::1]"])
    func loopback(base: String) async throws {
        let server = try LoopbackServer { _ in .text("{}") }
        let http = CurlExchange()
        do {
            let response = try await http.send(HTTPRequest(method: .get, url: "\(base):\(server.port)/v1?a=b@c"))
            #expect(response.status == 200)
        } catch {
            // The server listens on 127.0.0.1 alone; for the others the refusal shows that the URL was accepted.
            #expect([.refused, .cannotConnect].contains(error.kind))
        }
    }

    @Test(
        "A header that could smuggle in another is refused",
        arguments: [
            ("X", "a\r\nY: b"), ("X", "a\nb"), ("X", "a\rb"), ("X", "a\u{0}b"), ("X", "\u{7F}"), ("X", "é"),
            ("X: a\r\nY", "b"), ("X Y", "a"), ("X:", "a"), ("", "a"), ("é", "a"),
        ])
    func headers(name: String, value: String) async throws {
        let server = try LoopbackServer { _ in .text("{}") }
        let failure = try await failure(of: HTTPRequest(method: .get, url: server.url, headers: [(name, value)]))
        #expect(failure.kind == .invalidRequest)
        #expect(!failure.outcomeUnknown)
        #expect(server.connectionCount == 0)
    }
}
