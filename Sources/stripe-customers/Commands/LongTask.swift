import CustomerService
import CustomerStore
import Environment
import Interface
import StandardIO

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What `sync` and `reconcile` share: the parts of the service without a host, from opening to closing.
///
/// Both may run beside processes that serve: leases keep them apart.
func longTask<T: Sendable>(
    _ options: Options, environment: [String: String],
    _ body: (CustomerService, CustomerStore) async throws(ServiceError) -> T
) async throws(StartFailure) -> T {
    // Without it there is nobody to bring in line, so the path is a slip of the pen.
    guard options.database == ":memory:" || access(options.database, F_OK) == 0 || errno != ENOENT else {
        throw StartFailure(
            .configuration, "there is no database at \(options.database); migrate or serve makes one")
    }
    let clock: any WallClock = options.deterministic ? FixedClock() : SystemClock()
    let identifiers: any Identifiers = options.deterministic ? CountedIdentifiers() : RandomIdentifiers()
    let logWriter = LogWriter(clock: clock) { writeWhole($0, to: 2) == nil }
    // A person watches the bar; a program reads the lines.
    let level = isatty(2) == 1 && options.logLevel == .info ? .error : options.logLevel
    let wiring = try await Wiring(
        options, environment: environment, clock: clock, identifiers: identifiers, log: Log(to: logWriter, level: level)
    )
    let leases = Task { await wiring.worker.keepLeases() }
    let result: Result<T, ServiceError>
    do throws(ServiceError) {
        result = .success(try await body(wiring.service, wiring.store))
    } catch {
        result = .failure(error)
    }
    leases.cancel()
    _ = try? await wiring.store.releaseLeases()
    await wiring.store.close()
    logWriter.flush()
    do throws(ServiceError) { return try result.get() } catch { throw StartFailure(error) }
}

extension StartFailure {
    /// It can be run again: what is done is not done twice.
    fileprivate init(_ error: ServiceError) {
        switch error.kind {
        case .stripeAuthenticationFailed, .stripePermissionDenied: self.init(.configuration, error.message)
        case .internalError, .invalidParams: self.init(.internalError, error.message)
        default: self.init(.inputOutput, error.message)
        }
    }
}
