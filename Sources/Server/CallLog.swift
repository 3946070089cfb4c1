import Environment
import Interface
package import JSON
package import JSONRPC

// What the log says about calls: enough to find one, and nothing about a person.

extension PendingCall {
    /// `method`, `tool` (what an agent's call calls), `id`, `outcome`, `durationMs`, `userId`, `customerId`,
    /// `traceparent`, how often Stripe was asked and under which `req_…` last; what is not there is left out.
    package func logFields(_ outcome: Outcome) -> JSONObject {
        var fields: JSONObject = [:]
        switch work {
        case .call(let call):
            let subject = call.subject
            fields["method"] = .string(call.method.name)
            if !sameCodePoints(call.target.name, call.method.name) { fields["tool"] = .string(call.target.name) }
            fields["userId"] = subject.userId.map { .string($0) }
            fields["customerId"] = subject.customerId.map { .string($0) }
            fields["traceparent"] = call.meta.traceparent.map { .string($0) }
        case .known: fields["method"] = method.map { .string($0) }
        }
        fields["id"] = reply?.id.json
        switch outcome {
        case .success: fields["outcome"] = "ok"
        case .failure(let error): fields["outcome"] = error.data["type"]
        }
        if trail.attempts > 0 { fields["stripeAttempts"] = .number(JSONNumber(trail.attempts)) }
        fields["requestId"] = trail.lastRequest.map { .string($0) }
        fields["durationMs"] = .number(milliseconds(received.duration(to: .now)))
        return fields
    }

    /// With three decimals: most calls take less than a millisecond.
    private func milliseconds(_ duration: Duration) -> JSONNumber {
        let (seconds, attoseconds) = duration.components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        let thousandths = String(microseconds % 1000)
        let padding = String(repeating: "0", count: 3 - thousandths.utf8.count)
        return JSONNumber(text: "\(microseconds / 1000).\(padding)\(thousandths)")
    }
}

extension ErrorObject {
    /// `type`, and where the text was wrong.
    package var logFields: JSONObject {
        var fields: JSONObject = ["type": data["type"] ?? .null]
        fields["reason"] = data["reason"]
        fields["offset"] = data["offset"]
        return fields
    }
}
