package import JSON

/// One line from the host.
package enum Incoming: Sendable {
    case single(Message)
    /// At least one message. Their answers, if there are any, go out as one array.
    case batch([Message])

    /// The most messages in a batch. One line may hold millions of `1,`, each of which has to be answered.
    package static let maximumBatchCount = 10_000

    /// Reads one line, without its line break. A line that isn't JSON is an invalid message, and the next line is read
    /// as if it hadn't been there.
    package init(line: some Collection<UInt8>) {
        do {
            self.init(try JSONValue(parsing: line))
        } catch {
            self = .single(.invalid(id: .null, error: .parseError(error)))
        }
    }

    package init(_ value: JSONValue) {
        guard case .array(let elements) = value else {
            self = .single(Message(value))
            return
        }
        switch elements.count {
        case 0: self = .single(.invalid(id: .null, error: .invalidRequest("a batch must not be empty")))
        case ...Self.maximumBatchCount: self = .batch(elements.map(Message.init))
        default:
            let details: JSONObject = ["limit": .number(JSONNumber(Self.maximumBatchCount))]
            self = .single(.invalid(id: .null, error: .invalidRequest("the batch is too long", details: details)))
        }
    }
}
