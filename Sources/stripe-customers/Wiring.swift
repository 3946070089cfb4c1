import CustomerService
import Environment
import Server

/// The parts of a service, chosen by the options: the one place that knows all of them.
struct Wiring: Sendable {
    let methods: [Method]
    let hooks: ServerHooks

    init(
        _ options: Options, environment: [String: String], clock: any WallClock, identifiers: any Identifiers, log: Log
    ) async throws(StartFailure) {
        if !options.sandbox { _ = try SecretKey(options, environment: environment) }
        methods = [.ping, .discover(version: version)]
        hooks = ServerHooks()
    }
}
