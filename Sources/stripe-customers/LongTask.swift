import CustomerService
import CustomerStore
import Environment
import JSON
import StandardIO
import Synchronization

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

/// How far a long task is, on stderr: a bar that stays in its line on a terminal, else a line every few seconds.
final class ProgressDisplay: Sendable {
    private let total: Int
    private let unit: String
    private let isTerminal = isatty(2) == 1
    private let shownAt = Mutex<Milliseconds>(0)

    private static let barWidth = 30
    private static let lineInterval: Milliseconds = 5_000
    private static let barInterval: Milliseconds = 100

    /// - Parameter total: 0 when it is not known.
    init(total: Int, unit: String) {
        self.total = total
        self.unit = unit
    }

    func show(_ done: Int, _ remark: String = "") {
        let now = SystemClock().now()
        let isDue = shownAt.withLock { shown in
            guard now - shown >= (isTerminal ? Self.barInterval : Self.lineInterval) else { return false }
            shown = now
            return true
        }
        if isDue { write(done, remark) }
    }

    /// The last state, whatever was shown before.
    func finish(_ done: Int, _ remark: String = "") {
        write(done, remark)
        if isTerminal { _ = writeWhole([UInt8(ascii: "\n")], to: 2) }
    }

    private func write(_ done: Int, _ remark: String) {
        let count = total > 0 ? "\(done) of \(max(total, done)) \(unit)" : "\(done) \(unit)"
        let text = remark.isEmpty ? count : "\(count), \(remark)"
        guard isTerminal else {
            _ = writeWhole(Array("\(text)\n".utf8), to: 2)
            return
        }
        let filled = total > 0 ? min(Self.barWidth, Self.barWidth * done / total) : 0
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: Self.barWidth - filled)
        // Back to the begin of the line, and clear what is left of the one before.
        _ = writeWhole(Array("\r\(total > 0 ? "[\(bar)] " : "")\(text)\u{1B}[K".utf8), to: 2)
    }
}
