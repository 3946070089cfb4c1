import Cryptography
import Environment
import HTTP
import JSON
import Synchronization
import TestSupport

/// Brings every event of the account to every application, as Stripe does: some late, some twice, and some with members
/// that the object lacks or that are empty.
struct Postman: Sendable {
    let run: ChaosRun

    static let secret = "whsec_chaos"
    /// What waits longer is not delivered at all: a host that is down.
    private static let waitingMax = 200

    func work() async throws {
        var random = run.settings.random(95)
        var last: String?
        while !run.isOver {
            try await run.pause(50...300, &random)
            let after = last.map { "&ending_before=" + $0 } ?? ""
            let events = try await run.stripe.direct(.get, "/v1/events?limit=100" + after)["data"]?.array ?? []
            last = events.first?["id"]?.string ?? last
            for event in events.reversed() { deliver(event, &random) }
        }
    }

    private func deliver(_ event: JSONValue, _ random: inout SplitMix) {
        for application in run.applications {
            let params = signed(random.isOne(in: 4) ? odd(event, &random) : event)
            run.count(\.events)
            application.mailbox.withLock { waiting in
                // Taken from the end: the newest first, so that the older ones come late.
                waiting.insert(params, at: random.isOne(in: 4) ? 0 : waiting.endIndex)
                if random.isOne(in: 10) { waiting.insert(params, at: 0) }
                if waiting.count > Self.waitingMax { waiting.removeFirst(waiting.count - Self.waitingMax) }
            }
        }
    }

    private func odd(_ event: JSONValue, _ random: inout SplitMix) -> JSONValue {
        guard var whole = event.object, var data = whole["data"]?.object, var object = data["object"]?.object else {
            return event
        }
        switch Int.random(in: 0..<5, using: &random) {
        case 0: object["email"] = nil
        case 1: object["metadata"] = nil
        case 2: object["metadata"] = [:]
        case 3: for name in ["email", "name", "phone", "metadata"] { object[name] = nil }
        default: data["previous_attributes"] = [:]
        }
        data["object"] = .object(object)
        whole["data"] = .object(data)
        return .object(whole)
    }

    private func signed(_ event: JSONValue) -> JSONObject {
        let payload = String(decoding: event.serialized(), as: UTF8.self)
        let seconds = SystemClock().now() / 1000
        let digest = HMAC.authenticate(Array("\(seconds).\(payload)".utf8), key: Array(Self.secret.utf8))
        return ["payload": .string(payload), "signature": .string("t=\(seconds),v1=" + Hexadecimal.text(digest))]
    }
}
