import Cryptography
import Foundation
import JSON
import TestSupport
import Testing

@testable import stripe_customers

/// What a person is told whose key or webhook secret is not one, or has something around it.
@Suite("Keys and webhook secrets as they are pasted")
struct SecretsTests {
    /// Never to be seen in a message.
    private static let body = "51SecretOfSomebody"

    @Test(
        "White space around a key is left out, and the key is taken",
        arguments: ["sk_test_1", "sk_test_1\n", "\r\n sk_test_1 \t\r\n", "rk_live_1", "sk_live_1\u{B}"])
    func taken(text: String) throws {
        let key = try SecretKey(Options(), environment: ["STRIPE_API_KEY": text])
        #expect(key.value.utf8.allSatisfy { $0 > 0x20 } && SecretKey.fault(PastedSecret(text)) == nil)
    }

    @Test(
        "What is no key, or has something around it, is told with what to do, and not quoted",
        arguments: [
            ("\"sk_test_X\"", "quotation marks around it"), ("'sk_live_X'", "quotation marks around it"),
            ("“rk_test_X”", "quotation marks around it"), ("sk_test_X\"", "quotation marks around it"),
            ("\"sk_test_X\n\"", "quotation marks around it"), ("\u{FEFF}sk_test_X", "byte order mark"),
            ("s\0k\0_\0t\0e\0s\0t\0_\0X\0", "UTF-16"), ("STRIPE_API_KEY=sk_test_X", "a name before it"),
            ("export KEY=\"sk_test_X", "a name before it"), ("Bearer sk_test_X", "something before it"),
            ("sk_test_X sk_test_X", "white space in it"), ("sk_test_X\nrk_test_X", "white space in it"),
            ("sk_test_X\u{200B}", "maybe an invisible one"), ("sk_test_X\u{A0}", "maybe an invisible one"),
            ("\u{200B}sk_test_X", "something before it"), ("sk_live_…X", "is shortened"),
            ("sk_live_...X", "is shortened"),
            ("sk_test_***X", "is shortened"), ("sk_test_", "is cut off"), ("rk_live_", "is cut off"),
            ("sk_org_live_X", "needs --context"), ("sk_org_X", "needs --context"), ("pk_test_X", "publishable key"),
            ("pk_live_X", "not a secret key"), ("whsec_X", "belongs in STRIPE_WEBHOOK_SECRET"),
            ("acct_X", "belongs behind --account"), ("sk_X", "is not a secret key"), ("X", "is not a secret key"),
            ("SK_TEST_X", "is not a secret key"), (" \n", "is empty"),
        ])
    func faults(text: String, words: String) {
        let text = text.replacing("X", with: Self.body)
        let failure = #expect(throws: StartFailure.self) {
            try SecretKey(Options(), environment: ["STRIPE_API_KEY": text])
        }
        #expect(failure?.code == .configuration)
        let message = failure?.message ?? ""
        #expect(message.hasPrefix("the Stripe key in STRIPE_API_KEY ") && message.contains(words), "\(message)")
        #expect(!message.contains(Self.body) && !message.contains("\n"))
    }

    @Test("A key's file may have a byte order mark or be UTF-16, and the message names the file's option")
    func keyFile() throws {
        let directory = try TemporaryDirectory()
        var options = Options()
        options.apiKeyFile = directory.file("key")
        for (bytes, words) in [
            ([0xEF, 0xBB, 0xBF] + Array("sk_test_1\n".utf8), "byte order mark"),
            ([0xFF, 0xFE] + "sk_test_1\r\n".utf8.flatMap { [$0, 0] }, "UTF-16"),
            (Array("\nsk_test_1".utf8), "is empty"),
        ] as [([UInt8], String)] {
            try Data(bytes).write(to: URL(filePath: directory.file("key")))
            let failure = #expect(throws: StartFailure.self) { try SecretKey(options, environment: [:]) }
            #expect(failure?.message.hasPrefix("the Stripe key in the file of --api-key-file ") == true)
            #expect(failure?.message.contains(words) == true, "\(failure?.message ?? "")")
        }
        try Data("sk_test_1\r\nmore".utf8).write(to: URL(filePath: directory.file("key")))
        #expect(try SecretKey(options, environment: [:]).value == "sk_test_1")
    }

    @Test(
        "A webhook secret that Stripe can't have given out is told with what to do, and not quoted",
        arguments: [
            ("\"whsec_X\"", "quotation marks around it"), ("\u{FEFF}whsec_X", "byte order mark"),
            ("SECRET=whsec_X", "a name before it"), ("whsec_…", "is shortened"), ("whsec_", "is cut off"),
            ("sk_test_X", "is an API key"), ("rk_live_X", "is an API key"), ("pk_live_X", "is an API key"),
            ("we_X", "is the id of a webhook endpoint"), ("X", "is no whsec_…"), ("whsec_X\u{200B}", "invisible"),
        ])
    func webhookFaults(text: String, words: String) throws {
        let text = text.replacing("X", with: Self.body)
        let secrets = try WebhookSecrets(Options(), environment: ["STRIPE_WEBHOOK_SECRET": "whsec_good,\(text)"])
        #expect(secrets.values == ["whsec_good", text], "it is tried all the same")
        #expect(secrets.faults.count == 1 && secrets.faults.first?.cause.contains(words) == true, "\(secrets.faults)")
        #expect(secrets.faults.first?.cause.contains(Self.body) == false)
    }

    @Test("A start with an unfit webhook secret says so in the log, whatever is printed; a fit one is no matter")
    func startWithUnfitSecret() async throws {
        for (secret, isTold) in [("whsec_\(Self.body)", false), ("'whsec_\(Self.body)'", true), (Self.body, true)] {
            let run = try await Subprocess.run(
                ["--sandbox", "--database", ":memory:"], environment: ["STRIPE_WEBHOOK_SECRET": secret])
            #expect(run.status == .exited(0))
            #expect(run.standardError.contains(#""event":"webhook_secret.unfit""#) == isTold)
            #expect(!run.standardError.contains(Self.body))
        }
    }

    @Test("Secrets come from the variable and from each file, and any of them verifies")
    func secretFiles() async throws {
        let directory = try TemporaryDirectory()
        try Data("whsec_one\n".utf8).write(to: URL(filePath: directory.file("one")))
        try Data("whsec_two".utf8).write(to: URL(filePath: directory.file("two")))
        let files = ["one", "two"].flatMap { ["--webhook-secret-file", directory.file($0)] }
        let host = try Host(
            ["--sandbox", "--database", ":memory:"] + files, environment: ["STRIPE_WEBHOOK_SECRET": "whsec_three"])
        let time = Int(Date().timeIntervalSince1970)
        let payload = #"{"id":"evt_1","object":"event","type":"ping","created":\#(time)}"#
        for (secret, age) in [
            ("whsec_one", 0), ("whsec_two", 0), ("whsec_three", 0), ("whsec_four", 0), ("whsec_one", 900),
        ] {
            let digest = HMAC.authenticate(Array("\(time - age).\(payload)".utf8), key: Array(secret.utf8))
            let answer = try await host.send(
                "handleWebhook",
                [
                    "payload": .string(payload),
                    "signature": .string("t=\(time - age),v1=\(Hexadecimal.text(digest))"),
                ])
            switch (secret, age) {
            case (_, 900):
                #expect(answer["error"]?["data"]?["type"] == "invalid_signature")
                #expect(answer["error"]?["message"]?.string?.contains("clock") == true, "\(answer)")
            case ("whsec_four", _):
                let message = answer["error"]?["message"]?.string ?? ""
                for cause in ["parsed", "re-encoded", "stripe listen", "each endpoint has its own"] {
                    #expect(message.contains(cause), "\(message)")
                }
            default: #expect(answer["result"]?["eventId"] == "evt_1", "\(answer)")
            }
        }
        try await host.end()
    }

    @Test(
        "A secret where a path is expected is told, and printed nowhere",
        arguments: [
            ("--api-key-file", "sk_test_X"), ("--api-key-file", "STRIPE_API_KEY=sk_live_X"),
            ("--webhook-secret-file", "whsec_X/+="), ("--policy", "rk_live_X"), ("--ca-file", "\"sk_test_X\""),
        ])
    func secretForPath(option: String, value: String) async throws {
        for command in ["serve", "check", "sync"] {
            let directory = try TemporaryDirectory()
            let database = directory.file("app.sqlite")
            _ = try await Subprocess.run(["migrate", "--database", database])
            let run = try await Subprocess.run(
                [command, "--database", database, "--api-base", "http://127.0.0.1:1", option]
                    + [value.replacing("X", with: Self.body)],
                environment: option == "--api-key-file" ? [:] : ["STRIPE_API_KEY": "sk_test_1"])
            #expect(run.status == .exited(78))
            let printed = run.lines.joined() + run.standardError
            #expect(!printed.contains(Self.body), "\(printed)")
            for words in [option, "looks like a key, not a path", "put the key into a file"] {
                #expect(printed.contains(words), "\(printed)")
            }
        }
    }

    @Test("A live key is refused beside --sandbox, by check too; a test key is no matter")
    func liveKeyInTheSandbox() async throws {
        for (key, isRefused) in [("sk_live_\(Self.body)", true), ("rk_live_\(Self.body)", true), ("sk_test_1", false)] {
            for command in ["serve", "check"] {
                let run = try await Subprocess.run(
                    [command, "--sandbox", "--database", ":memory:"], environment: ["STRIPE_API_KEY": key])
                let printed = run.lines.joined() + run.standardError
                #expect(run.status == .exited(isRefused ? 78 : 0), "\(printed)")
                #expect(printed.contains("a live key together with --sandbox") == isRefused)
                #expect(!isRefused || printed.contains("leave --sandbox out"))
                #expect(!printed.contains(Self.body))
            }
        }
    }

    @Test("Without a secret a webhook is refused with how to give one, and not for its signature")
    func noSecret() async throws {
        let host = try Host(["--sandbox", "--database", ":memory:"])
        let answer = try await host.send("handleWebhook", ["payload": "{}", "signature": "t=1,v1=00"])
        #expect(answer["error"]?["data"]?["type"] == "invalid_signature")
        let message = answer["error"]?["message"]?.string ?? ""
        #expect(message.contains("No secret") && message.contains("STRIPE_WEBHOOK_SECRET"), "\(message)")
        try await host.end()
    }

    @Test("A webhook secret's file that is missing or empty is refused by name")
    func missingSecretFile() async throws {
        let directory = try TemporaryDirectory()
        try Data("\n".utf8).write(to: URL(filePath: directory.file("empty")))
        for (file, words) in [("none", "No such file"), ("empty", "begins with an empty line")] {
            let run = try await Subprocess.run([
                "--sandbox", "--database", ":memory:", "--webhook-secret-file", directory.file(file),
            ])
            #expect(run.status == .exited(78))
            #expect(run.standardError.contains("--webhook-secret-file") && run.standardError.contains(words))
        }
    }
}
