import CustomerService
import Dispatch
import Environment
import Glibc
import Interface
import JSON
import JSONSchema
import Server
import StandardIO
import Synchronization

/// A server in this process, spoken to over pipes as a host would.
final class Session: Sendable {
    let server: Server
    private let input: Int32
    private let answers: AsyncStream<JSONValue>
    private let serving: Task<ExitReason, Never>

    init(
        _ methods: [Method], configuration: ServerConfiguration = .test, schemas: [String: JSONValue] = [:],
        log: Log = .none, hooks: ServerHooks = ServerHooks()
    ) throws {
        let toServer = Self.makePipe()
        let fromServer = Self.makePipe()
        input = toServer.write
        server = Server(
            configuration: configuration, methods: methods, paramsSchemas: try schemas.mapValues { try Schema($0) },
            metaSchema: try Schema(CallMeta.schema), log: log, hooks: hooks)
        serving = Task.detached { [server] in
            let reason = await server.run(input: toServer.read, output: fromServer.write)
            close(fromServer.write)
            return reason
        }
        let (answers, continuation) = AsyncStream<JSONValue>.makeStream()
        self.answers = answers
        let reader = LineInput(descriptor: fromServer.read, limit: 64 << 20)
        DispatchQueue(label: "test-reader").async {
            _ = reader.run { line in
                if case .text(let bytes) = line { continuation.yield((try? JSONValue(parsing: bytes)) ?? "not JSON") }
            }
            continuation.finish()
            close(fromServer.read)
        }
    }

    func send(_ bytes: [UInt8]) { _ = writeWhole(bytes, to: input) }
    func send(_ line: String) { send(Array((line + "\n").utf8)) }

    /// The next answer, in the order in which they came out.
    func next() async -> JSONValue? {
        var iterator = answers.makeAsyncIterator()
        return await iterator.next()
    }

    /// Ends the input.
    func endInput() { close(input) }

    /// Ends the input and returns the answers that had not been read.
    func finish() async -> [JSONValue] {
        endInput()
        var rest: [JSONValue] = []
        for await answer in answers { rest.append(answer) }
        return rest
    }

    func exitReason() async -> ExitReason { await serving.value }

    private static func makePipe() -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        _ = pipe(&ends)
        return (ends[0], ends[1])
    }
}

extension ServerConfiguration {
    static var test: ServerConfiguration { ServerConfiguration(parent: getppid()) }
    static func test(_ change: (inout ServerConfiguration) -> Void) -> ServerConfiguration {
        var configuration = test
        change(&configuration)
        return configuration
    }
}

/// Holds calls until the test lets them go on, and tells the test that they have begun.
actor Gate {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private(set) var arrivals = 0
    private var arrivalWaiters: [(count: Int, CheckedContinuation<Void, Never>)] = []

    func pass() async {
        arrivals += 1
        let reached = arrivalWaiters.filter { $0.count <= arrivals }
        arrivalWaiters.removeAll { $0.count <= arrivals }
        for waiter in reached { waiter.1.resume() }
        if !isOpen { await withCheckedContinuation { waiting.append($0) } }
    }

    func open() {
        isOpen = true
        for waiter in waiting { waiter.resume() }
        waiting = []
    }

    /// Returns once this many calls have come.
    func arrived(_ count: Int) async {
        if arrivals < count { await withCheckedContinuation { arrivalWaiters.append((count, $0)) } }
    }
}

extension Method {
    /// Answers its params.
    static let ping = Method(name: "ping", isOpen: true) { _ in [:] }
    static let echo = Method(name: "echo") { call in .object(call.params) }

    /// Answers its params when the gate opens.
    static func held(_ name: String = "held", by gate: Gate) -> Method {
        Method(name: name) { call in
            await gate.pass()
            return .object(call.params)
        }
    }
}

/// What tests happened to see, in order.
final class Trace: Sendable {
    private let events = Mutex<[String]>([])
    var all: [String] { events.withLock { $0 } }
    func append(_ event: String) { events.withLock { $0.append(event) } }
}

/// The text of a value, for comparisons that read well.
func text(_ value: JSONValue?) -> String { value.map { String(decoding: $0.serialized(), as: UTF8.self) } ?? "nothing" }
