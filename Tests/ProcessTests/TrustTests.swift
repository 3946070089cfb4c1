import Foundation
import JSON
import TestSupport
import Testing

/// How Stripe is trusted and by which way it is reached, against a TLS server on this machine.
@Suite("Certificates and proxies", .enabled("needs openssl and node") { try await TLSServer.isAvailable() })
struct TrustTests {
    /// Stripe with no customers over TLS, and a proxy before it that leads every name there.
    private static let script = """
        const { readFileSync } = require('fs')
        const https = require('https').createServer({
            key: readFileSync('key.pem'), cert: readFileSync('certificate.pem')
        }, (request, response) => {
            response.setHeader('Content-Type', 'application/json')
            response.end('{"object": "list", "data": [], "has_more": false}')
        })
        const proxy = require('http').createServer()
        proxy.on('connect', (request, socket) => {
            const stripe = require('net').connect(https.address().port, '127.0.0.1', () => {
                socket.write('HTTP/1.1 200 OK\\r\\n\\r\\n')
                stripe.pipe(socket)
                socket.pipe(stripe)
            })
            stripe.on('error', () => socket.destroy())
            socket.on('error', () => stripe.destroy())
        })
        https.listen(0, '127.0.0.1', () => proxy.listen(0, '127.0.0.1', () => {
            console.log(https.address().port, proxy.address().port)
        }))
        """

    /// Whether Stripe was reached there, and the log.
    private func lists(
        at base: String, _ arguments: [String] = [], environment: [String: String] = [:]
    ) async throws -> (isReached: Bool, log: String) {
        let run = try await Subprocess.run(
            ["--database", ":memory:", "--log-level", "debug", "--api-base", base] + arguments,
            input: request(1, "listCustomers", "{}"),
            environment: environment.merging(["STRIPE_API_KEY": "sk_test_1"]) { $1 })
        let answer = try JSONValue(parsing: Array((run.lines.first ?? "").utf8))
        return (answer["result"]?["data"] == [], run.standardError)
    }

    @Test("A certificate is trusted by --ca-file, else by SSL_CERT_FILE, else not")
    func authorities() async throws {
        let (server, other) = (try await TLSServer.start(Self.script), try await TLSServer.start(Self.script))
        let base = "https://127.0.0.1:\(server.port)"
        let (file, variable) = (["--ca-file", server.certificate], "SSL_CERT_FILE")
        #expect(try await lists(at: base, file).isReached)
        #expect(try await lists(at: base, environment: [variable: server.certificate]).isReached)
        #expect(try await lists(at: base, file, environment: [variable: other.certificate]).isReached)
        #expect(try await lists(at: base, file, environment: [variable: "/nowhere"]).isReached)
        for (arguments, environment) in [
            ([], [:]), ([], [variable: ""]), (["--ca-file", other.certificate], [variable: server.certificate]),
        ] as [([String], [String: String])] {
            let (isReached, log) = try await lists(at: base, arguments, environment: environment)
            #expect(!isReached)
            #expect(log.contains(#""failure":"tls""#), "\(log)")
        }
    }

    @Test("A file that holds no certificates is refused at start, by the name of the option or the variable")
    func unfitFile() async throws {
        let directory = try TemporaryDirectory()
        try Data("no certificate".utf8).write(to: URL(filePath: directory.file("text")))
        for (path, words) in [
            (directory.file("none"), "No such file"), (directory.file("text"), "no certificate in PEM form"),
            (directory.path, "no regular file"),
        ] {
            for (arguments, environment, name) in [
                (["--ca-file", path], [:], "--ca-file"), ([], ["SSL_CERT_FILE": path], "SSL_CERT_FILE"),
            ] as [([String], [String: String], String)] {
                let run = try await Subprocess.run(
                    ["--database", ":memory:"] + arguments,
                    environment: environment.merging(["STRIPE_API_KEY": "sk_test_1"]) { $1 })
                #expect(run.status == .exited(78))
                #expect(run.standardError.contains(name) && run.standardError.contains(words), "\(run.standardError)")
                #expect(run.standardError.split(separator: "\n").count == 1)
            }
        }
    }

    @Test("A proxy of the environment is used, and not for what NO_PROXY names nor for this machine")
    func proxies() async throws {
        let server = try await TLSServer.start(Self.script)
        let proxy = "http://127.0.0.1:\(server.ports.last ?? 0)"
        let trust = ["--ca-file", server.certificate]
        for variable in ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            let isReached = try await lists(at: "https://stripe.test", trust, environment: [variable: proxy]).isReached
            #expect(isReached, "\(variable)")
        }
        for (variable, names) in [
            ("no_proxy", "stripe.test"), ("NO_PROXY", "other.test,stripe.test"), ("NO_PROXY", "*"),
            ("NO_PROXY", "test"),
        ] {
            let environment = ["HTTPS_PROXY": proxy, variable: names]
            let isReached = try await lists(at: "https://stripe.test", trust, environment: environment).isReached
            #expect(!isReached, "\(variable)=\(names)")
        }
        // Nobody listens there.
        let dead = ["HTTPS_PROXY": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"]
        let isReached = try await lists(at: "https://127.0.0.1:\(server.port)", trust, environment: dead).isReached
        #expect(isReached)
    }
}
