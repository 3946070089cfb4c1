import Environment
import JSON
import StandardIO

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

let version = "0.1.0"

/// One start of the process, from its arguments to its exit code.
struct Launch: Sendable {
    private let options: Result<Options, StartFailure>
    private let environment: [String: String]
    /// The parent as it was before anything else happened.
    private let parent = getppid()

    /// Prepares the descriptors and signals. Called on the main thread while it is the only one: a signal is blocked for
    /// the threads that are started later, not for those that run.
    init(arguments: [String], environment: [String: String]) {
        let hasOutput = DescriptorGuard.prepareProcess()
        self.environment = environment
        do throws(StartFailure) {
            guard hasOutput else { throw StartFailure(.inputOutput, "stdout is closed: nobody could read an answer") }
            let options = try OptionParser(environment: environment).parse(arguments)
            if options.command.isSession { Signals.prepareToServe() }
            self.options = .success(options)
        } catch {
            self.options = .failure(error)
        }
    }

    /// Does what the command says and ends the process.
    ///
    /// The main thread only waits for SIGTERM, so that this works also where nothing else does. In an asynchronous `main`
    /// it would run libdispatch's main loop, which on Linux keeps a thread in `sigsuspend` with no signal blocked, and
    /// SIGTERM would end the process there.
    func go() -> Never {
        if let missing = Provisions.missing() { endExhausted(missing) }
        Task.detached { await run().leave() }
        Signals.wait()
    }

    private func run() async -> ExitCode {
        do throws(StartFailure) {
            let options = try options.get()
            switch options.command {
            case .serve, .mcp: return try await serve(options, environment: environment, parent: parent)
            case .migrate(let dryRun): try migrate(options, dryRun: dryRun, environment: environment)
            case .sync(let dryRun): return try await sync(options, dryRun: dryRun, environment: environment)
            case .reconcile(let fix): return try await reconcile(options, fix: fix, environment: environment)
            case .check: return try await check(options, environment: environment)
            case .describe: try describe()
            case .client(let language): try printClient(language)
            case .help: try printLine(help)
            case .version: try printLine("stripe-customers \(version)")
            }
            return .ok
        } catch {
            complain(error.message)
            return error.code
        }
    }
}

/// Prints text on stdout and the line end after it.
func printLine(_ text: String) throws(StartFailure) { try printLine(Array(text.utf8)) }

func printLine(_ bytes: [UInt8]) throws(StartFailure) {
    if writeWhole(bytes + [UInt8(ascii: "\n")], to: 1) != nil {
        throw StartFailure(.inputOutput, "can't write to stdout")
    }
}

/// Tells a person, in one line on stderr whatever paths and names are quoted in it; not if stderr is a pipe that is full and
/// not being read, since the process may be about to end and must not wait for that.
func complain(_ message: String) {
    var watched = pollfd(fd: 2, events: Int16(POLLOUT), revents: 0)
    guard poll(&watched, 1, 100) == 1, watched.revents & Int16(POLLOUT) != 0 else { return }
    _ = writeWhole(Array("stripe-customers: \(escapingControlCharacters(message))\n".utf8), to: 2)
}

/// The environment as it was given to the process.
func environmentVariables() -> [String: String] {
    var variables: [String: String] = [:]
    #if canImport(Darwin)
        var entry = _NSGetEnviron().pointee
    #else
        var entry = environ
    #endif
    while let text = entry.pointee {
        let pair = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if pair.count == 2 { variables[String(pair[0])] = String(pair[1]) }
        entry += 1
    }
    return variables
}
