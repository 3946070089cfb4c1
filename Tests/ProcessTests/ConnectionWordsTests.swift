import JSON
import TestSupport
import Testing

/// Why Stripe could not be reached or did not do its part, each cause in words of its own: in the answer and in the log.
@Suite("Words for a Stripe that can't be reached")
struct ConnectionWordsTests {
    private func told(
        _ options: [String], _ environment: [String: String] = [:]
    ) async throws -> (answer: JSONValue, log: String) {
        let directory = try TemporaryDirectory()
        let line =
            #"{"jsonrpc":"2.0","id":1,"method":"registerUser","params":{"userId":"u1","email":"u1@example.com"}}"#
        let output = try await Subprocess.run(
            ["--database", directory.file("test.sqlite")] + options, input: line + "\n",
            environment: ["STRIPE_API_KEY": "sk_test_words"].merging(environment) { $1 })
        let answer = try JSONValue(parsing: Array(try #require(output.lines.first).utf8))
        return (answer["result"] ?? answer, output.standardError)
    }

    @Test("A name that does not resolve, a refused connection and a dead proxy")
    func connection() async throws {
        let server = try LoopbackServer { _ in .close }
        server.stop()
        let dead = "http://127.0.0.1:\(server.port)"
        for (options, environment, words) in [
            (["--api-base", "https://nowhere.invalid"], [:], "host name can't be resolved"),
            (["--api-base", dead], [:], "connection to Stripe was refused"),
            ([], ["https_proxy": dead], "proxy on the way to Stripe fails"),
            ([], ["https_proxy": "socks9://someone:hunter2@127.0.0.1:1"], "proxy on the way to Stripe fails"),
            ([], ["HTTPS_PROXY": "http://someone:hunter2 hunter2@127.0.0.1:1"], "proxy on the way to Stripe fails"),
        ] as [([String], [String: String], String)] {
            let (answer, log) = try await told(options, environment)
            #expect(answer["sync"]?["state"]?.string == "pending")
            #expect(answer["sync"]?["error"]?["message"]?.string?.contains(words) == true, "\(answer)")
            #expect(log.contains(words))
            #expect(!"\(answer)\(log)".contains("hunter2") && !log.contains("someone"), "\(log)")
        }
    }

    @Test("A proxy that wants another password waits for the operator")
    func proxyCredentials() async throws {
        let server = try LoopbackServer { _ in .respond(status: 407, body: []) }
        let (answer, log) = try await told([], ["https_proxy": "http://someone:hunter2@127.0.0.1:\(server.port)"])
        let words = "wants a user and a password"
        #expect(answer["sync"]?["error"]?["message"]?.string?.contains(words) == true, "\(answer)")
        #expect(log.contains("operator.needed") && log.contains(words) && !log.contains("hunter2"), "\(log)")
    }

    @Test("A success that is nothing of Stripe's waits for the operator", arguments: ["<html>Sign in</html>", ""])
    func foreignSuccess(body: String) async throws {
        let server = try LoopbackServer { _ in .respond(status: 200, body: Array(body.utf8)) }
        let (answer, log) = try await told(["--api-base", server.url])
        #expect(answer["sync"]?["state"]?.string == "pending")
        #expect(log.contains("operator.needed") && log.contains("something in between answers"), "\(log)")
    }

    @Test("An unknown URL, an account that isn't the key's and a revoked key wait for the operator, who is told aloud")
    func refused() async throws {
        for (status, message, words) in [
            (404, "Unrecognized request URL (GET: /v1/v1/customers).", "check --api-base, which ends before /v1"),
            (
                401, "Invalid API Key provided: sk_test_*****rds",
                "API key of STRIPE_API_KEY: set another and start again"
            ),
            (403, "The provided key does not have access to account 'acct_1'.", "may not act for the account"),
        ] {
            let body = #"{"error":{"type":"invalid_request_error","message":"\#(message)"}}"#
            let server = try LoopbackServer { _ in .respond(status: status, body: Array(body.utf8)) }
            let (answer, log) = try await told(["--api-base", server.url])
            #expect(answer["sync"]?["state"]?.string == "pending")
            #expect(answer["sync"]?["error"]?["message"]?.string?.contains(words) == true, "\(answer)")
            #expect(log.contains("operator.needed") && log.contains(words))
        }
    }
}
