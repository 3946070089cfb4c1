import CustomerService
import Foundation
import Interface
import JSON
import JSONSchema
import SQLite
import TestSupport
import Testing

/// `RECORD_TRANSCRIPTS=1 swift test --filter TranscriptTests` writes the files anew, to be read before they are committed.
@Suite("Golden conversations")
struct TranscriptTests {
    static let records = ProcessInfo.processInfo.environment["RECORD_TRANSCRIPTS"] == "1"

    @Test("The process answers as recorded, byte for byte", arguments: Transcript.names)
    func replays(name: String) async throws {
        var transcript = try Transcript(name)
        let replay = try Replay()
        let answered = try await replay.run(transcript)
        if Self.records {
            transcript.lines = answered
            try transcript.write()
            Issue.record("recorded \(name); run again without RECORD_TRANSCRIPTS")
            return
        }
        for (expected, actual) in zip(transcript.lines, answered) where expected.text != actual.text {
            Issue.record("expected \(expected.text)\n     got \(actual.text)")
            return
        }
        #expect(answered.count == transcript.lines.count)
    }

    @Test("What was sent and answered fits the schemas and the table of errors", arguments: Transcript.names)
    func fitsSchemas(name: String) throws {
        for exchange in try Transcript(name).exchanges() {
            let (method, answer) = (exchange.method, exchange.answer)
            let error = answer["error"]
            if let schema = CustomerService.description[method]?.paramsSchema,
                ![-32600, -32602].contains(error?["code"]?.int64)
            {
                let violations = try Schema(schema).validate(exchange.params)
                #expect(violations.isEmpty, "\(method) \(exchange.params): \(violations.list)")
            }
            if let result = answer["result"], let schema = CustomerService.description[method]?.resultSchema {
                let violations = try Schema(schema).validate(result)
                #expect(violations.isEmpty, "\(method) \(result): \(violations.list)")
            }
            guard let error, let type = error["data"]?["type"]?.string else { continue }
            let known = ErrorKind.allCases.map(\.json).first { $0["type"]?.string == type }
            if let known {
                #expect(error["code"] == known["code"], "\(method) \(type)")
                let isDocumented = known["anyMethod"] == true || documentedErrors(of: method).contains(type)
                #expect(isDocumented, "\(method) answers \(type), which its entry in methods.json does not name")
            }
            #expect(error["data"]?["retryable"]?.bool != nil)
            #expect(error["message"]?.string?.contains("@") == false)
        }
    }

    /// What no sandbox gives: it always answers, knows one key with every right, its disk does not fill, and the table is the
    /// process's own.
    private static let unreachable: Set<String> = [
        "stripe_authentication_failed", "stripe_permission_denied", "stripe_rate_limited", "stripe_unavailable",
        "access_denied", "storage_unavailable", "users_table_refused",
    ]

    /// Documented errors that the sandbox can't give, method by method: it has no reason to reject what the schema lets
    /// through, and the keys of the process itself don't meet.
    private static let unreachableHere: [String: Set<String>] = [
        "getCustomer": ["stripe_request_rejected"],
        "getCustomerByEmail": ["stripe_request_rejected"],
        "deleteCustomer": ["stripe_request_rejected"],
        "archiveCustomer": ["stripe_request_rejected"],
        "restoreCustomer": ["stripe_request_rejected"],
        "listCustomers": ["stripe_request_rejected"],
        // Ambiguous only where an address that the host vouches for was not settled before a kill.
        "syncCustomerWithUser": ["ambiguous_customer", "idempotency_conflict"],
        "ensureCustomerExists": ["idempotency_conflict", "stripe_request_rejected"],
        "registerUser": ["idempotency_conflict"],
        "deleteUser": ["stripe_request_rejected"],
        "syncAllUsers": ["stripe_request_rejected"],
        "reconcile": ["stripe_request_rejected"],
        "handleWebhook": ["stripe_request_rejected"],
        "exportUserData": ["stripe_request_rejected"],
        "eraseUser": ["stripe_request_rejected"],
        "linkCustomer": ["stripe_request_rejected", "idempotency_conflict"],
    ]

    @Test(
        "Each method has a conversation with a success and each error that it documents",
        arguments: CustomerService.description.names)
    func complete(method: String) throws {
        guard !Self.withoutConversation.contains(method) else { return }
        let exchanges = try Transcript(method).exchanges().filter { $0.method == method }
        #expect(exchanges.contains { $0.answer["result"] != nil })
        let seen = Set(exchanges.compactMap { $0.answer["error"]?["data"]?["type"]?.string })
        let expected = documentedErrors(of: method).subtracting(Self.unreachable)
            .subtracting(Self.unreachableHere[method] ?? [])
        #expect(expected.subtracting(seen).isEmpty, "without a conversation: \(expected.subtracting(seen).sorted())")
    }

    /// It is compared with `describe`.
    private static let withoutConversation: Set<String> = ["rpc.discover"]

    @Test("rpc.discover answers what describe prints")
    func discover() async throws {
        let request = #"{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}"#
        let answer = try await Subprocess.run(["--sandbox", "--database", ":memory:"], input: request).lines
        let described = try await Subprocess.run(["describe"]).lines
        #expect(answer == [#"{"jsonrpc":"2.0","id":1,"result":"# + (described.first ?? "") + "}"])
    }

    private func documentedErrors(of method: String) -> Set<String> {
        let entry = CustomerService.description.methods.map(\.json).first { $0["name"]?.string == method }
        return Set(entry?["errors"]?.array?.compactMap(\.string) ?? [])
    }
}

/// Plays the host's part of a conversation against the process, in a directory of its own.
private struct Replay {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// - Returns: The conversation as it went: the sent lines, each followed by what came back.
    func run(_ transcript: Transcript) async throws -> [Transcript.Line] {
        var lines: [Transcript.Line] = []
        var process = try start()
        for line in transcript.lines {
            switch line.step {
            case .note: lines.append(line)
            case .receive: continue
            case .send(let bytes):
                lines.append(line)
                try await process.write(bytes: bytes + [0x0A])
                if isAnswered(bytes) { lines += try await answers(process) }
            case .restart(let users, let sandbox):
                lines += try await end(process)
                lines.append(line)
                try execute(users, "users.sqlite")
                try execute(sandbox, "users.sqlite.sandbox")
                process = try start()
            }
        }
        return lines + (try await end(process))
    }

    private func start() throws -> Subprocess {
        try Subprocess(
            ["--sandbox", "--deterministic", "--database", "users.sqlite"],
            environment: ["STRIPE_WEBHOOK_SECRET": "whsec_golden"], currentDirectory: directory.path)
    }

    private func end(_ process: Subprocess) async throws -> [Transcript.Line] {
        process.closeInput()
        let rest = try await process.readAll().map(Transcript.received)
        #expect(try await process.wait() == .exited(0))
        return rest
    }

    /// Notifications may come before the answer itself.
    private func answers(_ process: Subprocess) async throws -> [Transcript.Line] {
        var lines: [Transcript.Line] = []
        while let line = try await process.readLine() {
            lines.append(Transcript.received(line))
            let value = try JSONValue(parsing: Array(line.utf8))
            if value["method"] == nil { break }
        }
        return lines
    }

    /// Whether the specification has an answer for it: not for a notification, a response or a blank line.
    private func isAnswered(_ bytes: [UInt8]) -> Bool {
        if bytes.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) { return false }
        guard let value = try? JSONValue(parsing: bytes) else { return true }
        if let batch = value.array { return batch.isEmpty || batch.contains(where: isAnswered) }
        return isAnswered(value)
    }

    private func isAnswered(_ message: JSONValue) -> Bool {
        if message["method"]?.string != nil, message["jsonrpc"] == "2.0" {
            let params = message["params"]
            let isCall = params == nil || params?.object != nil || params?.array != nil || params?.isNull == true
            return message["id"] != nil || !isCall
        }
        return message["result"] == nil && message["error"] == nil
    }

    private func execute(_ sql: String?, _ file: String) throws {
        guard let sql else { return }
        var connection = try Connection(path: directory.file(file), busyTimeout: 10_000)
        try connection.script(sql)
    }
}
