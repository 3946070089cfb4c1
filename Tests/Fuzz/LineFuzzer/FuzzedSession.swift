import CustomerService
import CustomerStore
import Dispatch
import Environment
import Glibc
import Interface
import JSON
import JSONRPC
import JSONSchema
import SQLiteStore
import Sandbox
import Server
import StandardIO
import Stripe
import Synchronization

/// The way of a line through the process, from the bytes read to the bytes written, with the whole service on a sandbox
/// behind it; only the pipes are missing. Ends the process when something is not as promised:
///
/// - Each line in gives the one line out that it calls for, or none; nothing comes without cause.
/// - How the bytes are cut into reads changes nothing.
/// - What comes out is strict JSON-RPC on one line, and an id in it is one that went in.
/// - A ping afterwards is answered.
final class FuzzedSession: Sendable {
    /// Small, so that the fuzzer's short inputs go past it.
    private static let maxLineBytes = 1024
    private static let maxInFlight = 8
    /// A service is used for so many inputs; then a fresh one keeps the database, and so each input, small.
    private static let inputsPerService = 2000

    private struct State {
        var handler: Handler?
        var inputs = 0
    }

    private let writer: LineWriter
    private let output: Int32
    private let state = Mutex(State())

    init() {
        _ = signal(SIGPIPE, SIG_IGN)
        output = fileno(tmpfile())
        let writer = LineWriter(descriptor: output)
        self.writer = writer
        DispatchQueue(label: "writer").async { require(writer.run() == nil, "the output can't be written") }
    }

    func check(_ input: [UInt8]) {
        state.withLock { state in
            if state.inputs % Self.inputsPerService == 0 {
                state.handler?.close()
                state.handler = Handler(writer: writer, maxLineBytes: Self.maxLineBytes, maxInFlight: Self.maxInFlight)
            }
            state.inputs += 1
            if let handler = state.handler { check(input, handler, probe: "probe \(state.inputs)") }
        }
    }

    private func check(_ input: [UInt8], _ handler: Handler, probe: String) {
        let stream = input + Array("\n{\"jsonrpc\":\"2.0\",\"id\":\"\(probe)\",\"method\":\"ping\"}\n".utf8)
        var whole = LineReader(limit: Self.maxLineBytes)
        let lines = stream.withUnsafeBytes { whole.take($0) }
        require(whole.finish() == nil, "a line is left over")
        require(lines == cut(stream), "the cuts between reads change the lines")

        // Free order for one half of the inputs, one after the other for the rest.
        let pipeline = input.count % 2 == 0 ? handler.free : handler.ordered
        for line in lines { pipeline.accept(line) }
        waitFor { await handler.inFlight.idle() }

        var expectation = Expectation(lines)
        for line in written() { expectation.meet(line) }
        expectation.end(probe: probe)
    }

    /// The lines when the stream arrives in pieces, of a size that depends on the input.
    private func cut(_ stream: [UInt8]) -> [LineReader.Line] {
        var reader = LineReader(limit: Self.maxLineBytes)
        let size = 1 + stream.count % 13
        return stride(from: 0, to: stream.count, by: size).flatMap { start in
            stream[start..<min(start + size, stream.count)].withUnsafeBytes { reader.take($0) }
        }
    }

    /// What has come out since the last time.
    private func written() -> [ArraySlice<UInt8>] {
        let count = Int(lseek(output, 0, SEEK_END))
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            initialized = pread(output, buffer.baseAddress, count, 0)
        }
        require(bytes.last == UInt8(ascii: "\n"), "the output ends in the middle of a line")
        _ = ftruncate(output, 0)
        _ = lseek(output, 0, SEEK_SET)
        return bytes.dropLast().split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    }
}

/// One service with two pipelines before it.
private struct Handler: Sendable {
    let free: Pipeline
    let ordered: Pipeline
    let inFlight: InFlight
    private let store: CustomerStore

    init(writer: LineWriter, maxLineBytes: Int, maxInFlight: Int) {
        let clock = SystemClock()
        let identifiers = RandomIdentifiers()
        let store = need { () throws(StoreError) in try CustomerStore(path: ":memory:") }
        let exchange = need { try SandboxExchange(path: ":memory:", clock: clock, identifiers: identifiers) }
        let stripe = StripeClient(
            configuration: StripeConfiguration(apiKey: "sk_test_sandbox", requestsPerSecond: 0), exchange: exchange,
            clock: clock, identifiers: identifiers, log: .none)
        let service = CustomerService(
            store: store, stripe: stripe, clock: clock, identifiers: identifiers, log: .none, version: "0")
        let methods = service.methods
        var schemas: [String: Schema] = [:]
        for method in methods {
            schemas[method.name] = (method.declaration?.paramsSchema).map { schema in need { try Schema(schema) } }
        }
        let admission = Admission(
            methods: methods, paramsSchemas: schemas, metaSchema: need { try Schema(CallMeta.schema) })

        var configuration = ServerConfiguration(parent: getppid())
        configuration.maxLineBytes = maxLineBytes
        let inFlight = InFlight(limit: maxInFlight)
        func pipeline() -> Pipeline {
            Pipeline(
                admission: admission, configuration: configuration, afterEach: nil, inFlight: inFlight, writer: writer,
                identifiers: identifiers, log: .none)
        }
        free = pipeline()
        configuration.ordered = true
        ordered = pipeline()
        self.inFlight = inFlight
        self.store = store
    }

    func close() { waitFor { await store.close() } }
}

/// Blocks the fuzzer's own thread.
private func waitFor(_ body: @escaping @Sendable () async -> Void) {
    let done = DispatchSemaphore(value: 0)
    Task.detached {
        await body()
        done.signal()
    }
    done.wait()
}

private func need<T, E: Error>(_ body: () throws(E) -> T) -> T {
    do { return try body() } catch { fail("\(error)") }
}

func require(_ holds: Bool, _ message: @autoclosure () -> String) {
    if !holds { fail(message()) }
}

/// libFuzzer takes SIGABRT for a finding, prints the stack and keeps the input.
func fail(_ message: String) -> Never {
    _ = writeWhole(Array("line fuzzer: \(message)\n".utf8), to: 2)
    abort()
}
