import JSON
import JSONRPC
import StandardIO

/// What may come out for some lines that went in.
struct Expectation {
    private var single = 0
    /// The number of answers in each batch, in no order.
    private var batches: [Int] = []
    /// The ids of requests, and `null` once for each answer that may have it.
    private var ids: [RequestID: Int] = [:]
    private var progressTokens = Set<String>()
    private var answered = Set<String>()

    init(_ lines: [LineReader.Line]) {
        for line in lines {
            switch line {
            case .tooLong: single += expect(.invalid(id: .null, error: .invalidRequest("")))
            case .text(let bytes):
                switch Incoming(line: bytes) {
                case .single(let message): single += expect(message)
                case .batch(let messages):
                    let count = messages.reduce(0) { $0 + expect($1) }
                    if count > 0 { batches.append(count) }
                }
            }
        }
    }

    /// How many answers the message gets.
    private mutating func expect(_ message: Message) -> Int {
        switch message {
        case .response: return 0
        case .invalid(let id, _): ids[id, default: 0] += 1
        case .call(let request):
            if let token = request.params?["_meta"]?["progressToken"] { progressTokens.insert(text(token)) }
            guard let id = request.id else { return 0 }
            ids[id, default: 0] += 1
        }
        return 1
    }

    mutating func meet(_ line: ArraySlice<UInt8>) {
        require(!line.contains { $0 < 0x20 }, "a control character came out")
        for separator in ["\u{2028}", "\u{2029}", "\u{85}"] {
            let bytes = Array(separator.utf8)
            require(
                !line.indices.contains { line[$0...].starts(with: bytes) }, "a raw line separator came out")
        }
        guard let value = try? JSONValue(parsing: line) else {
            fail("what came out is not JSON: \(String(decoding: line, as: UTF8.self))")
        }
        if let answers = value.array {
            guard let batch = batches.firstIndex(of: answers.count) else { fail("an array without a batch") }
            batches.remove(at: batch)
            for answer in answers { meet(answer) }
        } else if value["method"] != nil {
            require(value["method"]?.string == "$/progress" && value["id"] == nil, "an unknown notification")
            require(
                value["params"]?["token"].map { progressTokens.contains(text($0)) } == true, "progress without a token")
        } else {
            single -= 1
            meet(value)
        }
    }

    private mutating func meet(_ answer: JSONValue) {
        require(answer["jsonrpc"]?.string == "2.0", "an answer without its version")
        require((answer["result"] == nil) != (answer["error"] == nil), "neither a result nor an error, or both")
        if let error = answer["error"] {
            require(error["code"]?.int64 != nil && error["message"]?.string != nil, "an error without code or message")
            require(error["data"]?["type"]?.string != nil, "an error without its type")
            require(error["code"]?.int64 != -32603, "an internal error: \(text(error))")
        }
        guard let value = answer["id"], let id = RequestID(value) else { fail("an answer without an id") }
        if case .null = id, let taken = answer["error"]?["data"]?["id"], let id = RequestID(taken) {
            take(id)
        } else {
            take(id)
            if case .string(let text) = id { answered.insert(text) }
        }
    }

    private mutating func take(_ id: RequestID) {
        guard let count = ids[id], count > 0 else { fail("an answer to an id that nothing had") }
        ids[id] = count - 1
    }

    func end(probe: String) {
        require(single == 0 && batches.isEmpty, "\(single) answers and \(batches.count) arrays are missing")
        require(ids.values.allSatisfy { $0 == 0 }, "a request was not answered")
        require(answered.contains(probe), "the ping afterwards was not answered")
    }
}

private func text(_ value: JSONValue) -> String { String(decoding: value.serialized(), as: UTF8.self) }
