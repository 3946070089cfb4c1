import CustomerService
import Environment
import JSON
import Server
import StandardIO

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `serve` and `mcp`: speaks with the host until it is done.
func serve(_ options: Options, environment: [String: String], parent: Int32) async throws(StartFailure) -> ExitCode {
    let channel: DescriptorGuard.ProtocolDescriptors
    do { channel = try DescriptorGuard.claimProtocol() } catch {
        throw StartFailure(.inputOutput, "can't set up stdin and stdout (errno \(error.errno))")
    }
    let clock: any WallClock = options.deterministic ? FixedClock() : SystemClock()
    let counted = options.deterministic ? CountedIdentifiers() : nil
    let identifiers: any Identifiers = counted.map { $0 as any Identifiers } ?? RandomIdentifiers()
    let logWriter = LogWriter(clock: clock) { writeWhole($0, to: 2) == nil }
    let log = Log(to: logWriter, level: options.logLevel)
    // The schemas are compiled while the database is opened. All of them, so that one that can't be used is told now.
    let schemas = Task.detached { Result { () throws(StartFailure) in try ParamsSchemas() } }
    let wiring = try await Wiring(options, environment: environment, clock: clock, identifiers: identifiers, log: log)
    if let counted { counted.begin(session: try await wiring.deterministicSession()) }

    var configuration = ServerConfiguration(parent: parent)
    configuration.maxInFlight = options.maxInFlight
    configuration.ordered = options.ordered
    configuration.deterministic = options.deterministic
    let dialect = try Dialect(options.command, methods: wiring.service.methods, schemas: try await schemas.value.get())
    configuration.conventions = dialect.conventions
    let server = Server(
        configuration: configuration, methods: dialect.methods, paramsSchemas: dialect.paramsSchemas,
        metaSchema: dialect.metaSchema, log: log, identifiers: identifiers,
        hooks: wiring.startBackgroundWork(deterministic: options.deterministic))
    Signals.onTermination { server.terminate() }
    if isatty(channel.input) == 1 { complain(dialect.invitation) }
    log(.info, "started", ["version": .string(version), "sandbox": .bool(options.sandbox)])
    let reason = await server.run(input: channel.input, output: channel.output)
    log(.info, "stopped", ["reason": .string(String(describing: reason))])
    logWriter.flush()
    return exitCode(for: reason)
}

private func exitCode(for reason: ExitReason) -> ExitCode {
    switch reason {
    case .endOfInput, .terminated, .graceOver, .parentEnded: return .ok
    case .outputClosed:
        complain("stdout was closed by its reader")
        return .inputOutput
    case .outputFailed(let code):
        complain("writing to stdout failed (errno \(code))")
        return .inputOutput
    case .inputFailed(let code):
        complain("reading from stdin failed (errno \(code))")
        return .inputOutput
    }
}
