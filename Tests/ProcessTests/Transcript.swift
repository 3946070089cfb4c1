import Foundation
import Interface
import JSON

/// A golden conversation: a file of `Tests/Transcripts`, one JSON object a line, in the order in which a host would see
/// it. README.md there says what the lines mean.
struct Transcript: Sendable {
    enum Step: Sendable {
        case note
        /// Exactly these bytes go to the process, and a newline.
        case send([UInt8])
        /// Exactly this line comes back.
        case receive(String)
        /// The host ends the session, another program does this to the databases, and the host starts a new session.
        case restart(users: String?, sandbox: String?)
    }

    struct Line: Sendable {
        var text: String
        var step: Step
    }

    struct Unreadable: Error { var line: String }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Transcripts")
        .standardized

    /// The names of all files, without the ending.
    static let names: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".jsonl") }.map { String($0.dropLast(".jsonl".count)) }.sorted()
    }()

    var name: String
    var lines: [Line]

    init(_ name: String) throws {
        self.name = name
        let text = try String(contentsOf: Self.file(name), encoding: .utf8)
        lines = try text.split(separator: "\n").map { Line(text: String($0), step: try Self.step($0)) }
    }

    func write() throws {
        let text = lines.map { $0.text + "\n" }.joined()
        try text.write(to: Self.file(name), atomically: true, encoding: .utf8)
    }

    private static func file(_ name: String) -> URL { folder.appending(path: name + ".jsonl") }

    private static func step(_ line: Substring) throws -> Step {
        guard let object = try JSONValue(parsing: Array(line.utf8)).object else {
            throw Unreadable(line: String(line))
        }
        // What is sent and received is taken as it is written, digit for digit.
        if let text = member("send", of: line) { return .send(Array(text.utf8)) }
        if let text = member("receive", of: line) { return .receive(text) }
        if let text = object["sendText"]?.string {
            let times = object["times"]?.int64.map { Int($0) } ?? 1
            return .send(Array(repeating: Array(text.utf8), count: times).flatMap { $0 })
        }
        if let hex = object["sendHex"]?.string {
            return .send(hex.split(separator: " ").compactMap { UInt8($0, radix: 16) })
        }
        if let changes = object["restart"] {
            return .restart(users: changes["users"]?.string, sandbox: changes["sandbox"]?.string)
        }
        guard object["note"] != nil else { throw Unreadable(line: String(line)) }
        return .note
    }

    /// The text of the only member of an object, where it has this name.
    private static func member(_ name: String, of line: Substring) -> String? {
        let prefix = "{\"\(name)\":"
        guard line.hasPrefix(prefix), line.hasSuffix("}") else { return nil }
        return String(line.dropFirst(prefix.count).dropLast())
    }

    static func received(_ answer: String) -> Line { Line(text: "{\"receive\":\(answer)}", step: .receive(answer)) }
}

extension Transcript {
    /// A request of the conversation and what came of it.
    struct Exchange: Sendable {
        var method: String
        var params: JSONValue
        var answer: JSONValue
    }

    /// The requests with their answers, also those of a batch. Each id must be used once in a file.
    func exchanges() throws -> [Exchange] {
        var requests: [String: JSONValue] = [:]
        var exchanges: [Exchange] = []
        for line in lines {
            switch line.step {
            case .send(let bytes):
                guard let value = try? JSONValue(parsing: bytes) else { continue }
                for request in value.array ?? [value] {
                    if let id = request["id"] { requests[text(id)] = request }
                }
            case .receive(let answer):
                let value = try JSONValue(parsing: Array(answer.utf8))
                for answer in value.array ?? [value] {
                    guard let id = answer["id"], let request = requests[text(id)],
                        let method = request["method"]?.string
                    else { continue }
                    let params = request["params"].flatMap { $0.isNull ? nil : $0 } ?? [:]
                    exchanges.append(Exchange(method: method, params: params, answer: answer))
                }
            case .note, .restart: continue
            }
        }
        return exchanges
    }

    private func text(_ id: JSONValue) -> String { String(decoding: id.serialized(), as: UTF8.self) }
}
