import HTTP
import TestSupport
import Testing

/// Against the servers of OpenSSL and Node, which know TLS and HTTP/2; left out on a machine without them.
@Suite("TLS and HTTP/2", .enabled("needs openssl and node") { try await TLSServer.isAvailable() })
struct TLSTests {
    @Test("A certificate that no authority signed is refused before the request is sent")
    func selfSigned() async throws {
        let server = try await TLSServer.start()
        let failure = try await failure(of: HTTPRequest(method: .post, url: "https://127.0.0.1:\(server.port)/"))
        #expect(failure.kind == .tls)
        #expect(failure.detail.contains("certificate"))
        #expect(!failure.outcomeUnknown)
    }

    @Test("A certificate of another host is refused, even from a trusted authority")
    func wrongHost() async throws {
        let server = try await TLSServer.start()
        let failure = try await failure(
            of: HTTPRequest(method: .post, url: "https://localhost:\(server.port)/"), server.trusted())
        #expect(failure.kind == .tls)
        #expect(!failure.outcomeUnknown)
    }

    @Test("Requests at once share one HTTP/2 connection, and one that times out leaves it to the others")
    func multiplexing() async throws {
        let server = try await TLSServer.start()
        let http = CurlExchange(configuration: server.trusted())
        let base = "https://127.0.0.1:\(server.port)"
        let stalled = Task { try await failure(of: HTTPRequest(method: .post, url: base + "/stall"), sentBy: http) }
        for _ in 1...2 {
            try await withThrowingTaskGroup(of: HTTPResponse.self) { group in
                for number in 1...40 {
                    group.addTask {
                        try await http.send(HTTPRequest(method: .post, url: base + "/\(number)", body: [0x61]))
                    }
                }
                for try await response in group {
                    #expect(response.text == "HTTP/2.0 over connection 1")
                    #expect(response.headers["x-path"]?.hasPrefix("/") == true)
                }
            }
            let failure = try await stalled.value
            #expect(failure.kind == .timedOut)
            #expect(failure.outcomeUnknown)
        }
    }

    @Test("A body that an HTTP/2 server breaks off is never taken for the whole")
    func brokenStream() async throws {
        let server = try await TLSServer.start()
        let request = HTTPRequest(method: .post, url: "https://127.0.0.1:\(server.port)/break")
        let failure = try await failure(of: request, server.trusted())
        #expect([.connectionLost, .truncated].contains(failure.kind))
        #expect(failure.outcomeUnknown)
    }
}

extension TLSServer {
    fileprivate static func start() async throws -> TLSServer { try await start(server) }

    fileprivate func trusted() -> HTTPConfiguration {
        HTTPConfiguration(totalTimeout: 10_000, certificateAuthorities: certificate)
    }

    private static let server = """
        const { readFileSync } = require('fs')
        let connections = 0
        const server = require('http2').createSecureServer({
            key: readFileSync('key.pem'), cert: readFileSync('certificate.pem')
        })
        server.on('session', () => { connections += 1 })
        server.on('request', (request, response) => {
            if (request.url === '/stall') return
            response.setHeader('X-Path', request.url)
            if (request.url === '/break') {
                response.write('half', () => response.stream.close(2))
                return
            }
            setTimeout(() => response.end(`HTTP/${request.httpVersion} over connection ${connections}`), 20)
        })
        server.listen(0, '127.0.0.1', () => console.log(server.address().port))
        """
}
