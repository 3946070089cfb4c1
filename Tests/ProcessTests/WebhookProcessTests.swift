import Foundation
import JSON
import TestSupport
import Testing

/// The way back with other people's programs at the other end: Stripe's own Python package signs, localstripe delivers.
@Suite("Webhooks, with Stripe's package and localstripe")
struct WebhookProcessTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
    private static let python = root.appending(path: ".build/venv/bin/python").path
    private static let isSigning = canImport("stripe")
    private static let isDelivering = canImport("localstripe")

    /// Whether the Python environment that `.ci/setup` makes has a package.
    private static func canImport(_ package: String) -> Bool {
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = ["-c", "import \(package)"]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    @Test(
        "What the stripe package signs is accepted, and what it refuses is refused here too, forged in every way",
        .enabled(if: isSigning, "run .ci/setup: the stripe package is not in .build/venv"))
    func signatures() async throws {
        let script = """
            import sys, json, time, stripe
            sign = lambda t, body, key: stripe.WebhookSignature._compute_signature(f"{t}.{body}", key)
            now = int(time.time())
            body = json.dumps({"id": "evt_1", "object": "event", "type": "ping", "created": now, "text": "ß €"})
            headers = {
                "right": f"t={now},v1={sign(now, body, 'whsec_b')}",
                "rotated": f"t={now},v1={sign(now, body, 'whsec_x')},v1={sign(now, body, 'whsec_a')}",
                "other scheme": f"t={now},v0={sign(now, body, 'whsec_b')}",
                "other secret": f"t={now},v1={sign(now, body, 'whsec_x')}",
                "other body": f"t={now},v1={sign(now, body + ' ', 'whsec_b')}",
                "other time": f"t={now + 1},v1={sign(now, body, 'whsec_b')}",
                "old": f"t={now - 400},v1={sign(now - 400, body, 'whsec_b')}",
                "empty": "",
                "many": f"t={now}" + "".join(f",v1={n:064x}" for n in range(100)) + f",v1={sign(now, body, 'whsec_b')}",
                "among others": f"t={now},v0={'0' * 64},v2=x,v1={sign(now, body, 'whsec_a')},v0=,=,x",
                "v0 after": f"t={now},v1={'0' * 64},v0={sign(now, body, 'whsec_b')}",
                "capital V1": f"t={now},V1={sign(now, body, 'whsec_b')}",
                "no digest": f"t={now},v1=",
                "half a digest": f"t={now},v1={sign(now, body, 'whsec_b')[:32]}",
                "no time": f"v1={sign(now, body, 'whsec_b')}",
                "time of no digits": f"t=x,v1={sign('x', body, 'whsec_b')}",
                "other digits": f"t=１２３,v1={sign(now, body, 'whsec_b')}",
                "not ASCII": f"t={now},v1={'é' * 32}",
                "only commas": ",,,,",
                # Refused here and not there, since Stripe sends none of them.
                "*two times": f"t={now},t={now - 1},v1={sign(now, body, 'whsec_b')}",
                "*one time twice": f"t={now},t={now},v1={sign(now, body, 'whsec_b')}",
                "*future": f"t={now + 4000},v1={sign(now + 4000, body, 'whsec_b')}",
            }
            for name, header in headers.items():
                accepted = False
                for key in ["whsec_a", "whsec_b"]:
                    try:
                        stripe.Webhook.construct_event(body, header, key)
                        accepted = True
                    except Exception:
                        pass
                print(json.dumps({"name": name, "payload": body, "signature": header or "-", "accepted": accepted}))
            """
        let cases = try await Subprocess.run(["-c", script], binary: Self.python).lines
            .map { try JSONValue(parsing: Array($0.utf8)) }
        #expect(cases.count == 22)
        let directory = try TemporaryDirectory()
        let requests = try cases.map { entry in
            let params: JSONObject = [
                "payload": try #require(entry["payload"]), "signature": try #require(entry["signature"]),
            ]
            let request: JSONValue = [
                "jsonrpc": "2.0", "id": try #require(entry["name"]), "method": "handleWebhook",
                "params": .object(params),
            ]
            return String(decoding: request.serialized(), as: UTF8.self)
        }
        let answers = try await Subprocess.run(
            ["--sandbox", "--ordered", "--database", directory.file("test.sqlite")],
            input: requests.joined(separator: "\n"), environment: ["STRIPE_WEBHOOK_SECRET": "whsec_a whsec_b"]
        ).lines.map { try JSONValue(parsing: Array($0.utf8)) }
        #expect(answers.count == cases.count)
        for (entry, answer) in zip(cases, answers) {
            let isAccepted = answer["result"]?["eventId"]?.string == "evt_1"
            let name = entry["name"]?.string ?? ""
            #expect(isAccepted == (entry["accepted"]?.bool == true && !name.hasPrefix("*")), "\(name)")
            #expect(isAccepted || answer["error"]?["code"]?.int64 == -32022)
        }
        #expect(cases.count { $0["accepted"]?.bool == true } == 7)
    }

    /// By hand for a hundred: `.build/venv/bin/python Tests/ProcessTests/twoway.py .build/debug/stripe-customers 1 100`
    @Test(
        "Under random edits on both sides users and customers are equal once it is quiet, and reconcile finds nothing",
        .enabled(if: isDelivering, "run .ci/setup: localstripe is not in .build/venv"), .timeLimit(.minutes(12)))
    func twoWay() async throws {
        let script = Self.root.appending(path: "Tests/ProcessTests/twoway.py").path
        let output = try await Subprocess.run(
            [script, Subprocess.binary, "1", "2"], binary: Self.python, timeout: .seconds(600))
        #expect(output.status == .exited(0), "\(output.lines)\n\(output.standardError)")
        #expect(output.lines.count == 2)
    }
}
