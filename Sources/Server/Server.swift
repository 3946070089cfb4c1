import Dispatch
package import Environment
package import Interface
package import JSONSchema
import StandardIO

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One session with a host: from the first line to the last answer.
///
/// Three threads of their own block where blocking is right (reading, writing, watching the host); everything that
/// happens to the session as a whole arrives as an `Event` in one place, `run`.
package final class Server: Sendable {
    private enum Event: Sendable {
        case inputEnded(LineInput.End)
        case outputEnded(errno: Int32?)
        case peer(PeerWatch.Finding)
        /// `terminate()` was called.
        case terminate
        case graceOver
        /// The last answers have had their time.
        case farewellOver
        /// All answers are out, and what they queued has been carried out.
        case drained
    }

    private let configuration: ServerConfiguration
    private let admission: Admission
    private let hooks: ServerHooks
    private let identifiers: any Identifiers
    private let log: Log
    private let events: AsyncStream<Event>
    private let post: AsyncStream<Event>.Continuation

    /// - Parameters:
    ///   - paramsSchemas: by method name.
    ///   - metaSchema: of `params._meta`.
    ///   - identifiers: for the ids under which the log has internal errors.
    package init(
        configuration: ServerConfiguration, methods: [Method], paramsSchemas: [String: Schema], metaSchema: Schema,
        log: Log, identifiers: any Identifiers = RandomIdentifiers(), hooks: ServerHooks = ServerHooks()
    ) {
        self.configuration = configuration
        self.hooks = hooks
        self.identifiers = identifiers
        self.log = log
        admission = Admission(methods: methods, paramsSchemas: paramsSchemas, metaSchema: metaSchema)
        (events, post) = AsyncStream.makeStream()
    }

    /// What SIGTERM does: what has been read is finished within the grace, what comes after it is refused, and `run`
    /// returns; what is not finished by then hears `shutting_down`.
    package func terminate() { post.yield(.terminate) }

    /// Serves until the input ends, the host is gone or `terminate` is called. Can be called once.
    ///
    /// After `outputClosed`, `outputFailed`, `parentEnded` and `graceOver` work is still going on: the process is to end
    /// with `_exit`, and what is not finished is on disk.
    @concurrent package func run(input: Int32, output: Int32) async -> ExitReason {
        let reader = LineInput(descriptor: input, limit: configuration.maxLineBytes)
        let writer = LineWriter(descriptor: output)
        let watch = PeerWatch(output: output, parent: configuration.parent)
        let inFlight = InFlight(limit: configuration.maxInFlight)
        let pipeline = Pipeline(
            admission: admission, configuration: configuration, afterEach: hooks.afterEach, inFlight: inFlight,
            writer: writer, identifiers: identifiers, log: log)

        // Serial queues of their own, so each has a thread to block, none of the cooperative pool's.
        DispatchQueue(label: "writer").async { [post] in post.yield(.outputEnded(errno: writer.run())) }
        DispatchQueue(label: "reader").async { [post] in post.yield(.inputEnded(reader.run(pipeline.accept))) }
        DispatchQueue(label: "peer-watch").async { [post] in post.yield(.peer(watch.run())) }
        defer {
            reader.stop()
            watch.stop()
            writer.close()
        }

        var reason = ExitReason.endOfInput
        var isEnding = false
        func finish() {
            guard !isEnding else { return }
            isEnding = true
            Task.detached { [post, hooks] in
                await inFlight.idle()
                await hooks.drain()
                post.yield(.drained)
            }
        }
        for await event in events {
            switch event {
            case .terminate:
                guard ![.terminated, .graceOver].contains(reason) else { continue }
                reason = .terminated
                pipeline.refuseNewRequests()
                finish()
                after(configuration.terminationGrace, .graceOver)
            case .inputEnded(let end):
                if case .failed(let code) = end { reason = .inputFailed(errno: code) }
                finish()
            case .drained: writer.close()
            case .graceOver:
                reason = .graceOver
                pipeline.abandon()
                writer.close()
                after(configuration.farewell, .farewellOver)
            case .outputEnded(nil): return reason
            case .outputEnded(EPIPE?), .peer(.outputClosed): return .outputClosed
            case .outputEnded(let code?): return .outputFailed(errno: code)
            case .peer(.parentEnded): return .parentEnded
            case .peer(.stopped): continue
            case .farewellOver: return .graceOver
            }
        }
        return reason
    }

    private func after(_ delay: Milliseconds, _ event: Event) {
        Task.detached { [post] in
            try? await Task.sleep(for: .milliseconds(delay))
            post.yield(event)
        }
    }
}
