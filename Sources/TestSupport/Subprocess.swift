import HTTP
import Synchronization

/// A running `stripe-customers`, as a host has it: a pipe on each of its three standard descriptors.
///
/// Standard error is collected at once, so the process never blocks on it; standard output is read only when the test
/// asks, so a test can be a host that does not read. Everything that may block runs on a thread of its own. The process
/// is killed when the last reference goes.
package final class Subprocess: Sendable {
    package enum ExitStatus: Sendable, Equatable {
        case exited(Int32)
        case signalled(Int32)
    }

    /// The process did not do in time what was asked for.
    package struct TimedOut: Error, CustomStringConvertible {
        package var description: String
    }

    package let processID: Int32
    private let input: Mutex<Descriptor?>
    private let output: LineReader
    private let errors: Collector
    private let reaper: Reaper

    /// - Parameters:
    ///   - environment: besides it the process gets only `inheritedVariables`, so that a key in the tester's shell
    ///     can't change a test.
    ///   - currentDirectory: defaults to the tester's.
    /// - Throws: `SystemError` if there is no such file, or no pipe or process to be had.
    package init(
        _ arguments: [String] = [], environment: [String: String] = [:], currentDirectory: String? = nil,
        binary: String = Subprocess.binary
    ) throws(SystemError) {
        let input = try Descriptor.pipe()
        let output = try Descriptor.pipe()
        let errors = try Descriptor.pipe()
        let exit = try Descriptor.pipe()
        processID = try Self.spawn(
            binary: binary, arguments: arguments, environment: environment, currentDirectory: currentDirectory,
            descriptors: [input.readEnd, output.writeEnd, errors.writeEnd])
        self.input = Mutex(input.writeEnd)
        self.output = LineReader(output.readEnd)
        self.errors = Collector(errors.readEnd)
        reaper = Reaper(processID: processID, exit: exit)
    }

    deinit { reaper.kill(9) }

    // MARK: What a host does

    /// Sends the line and a newline; waits while the pipe is full.
    ///
    /// - Throws: `SystemError` with `EPIPE` once the process has closed its standard input.
    package func write(_ line: String) async throws(SystemError) { try await write(bytes: Array(line.utf8) + [0x0A]) }

    /// Sends the bytes as they are. `closeInput()` has to wait for a write that is under way.
    package func write(bytes: [UInt8]) async throws(SystemError) {
        guard let descriptor = input.withLock({ $0 }) else { throw SystemError.closedPipe }
        try await onThread { Result { () throws(SystemError) in try descriptor.write(bytes) } }.get()
    }

    package func closeInput() { input.withLock { $0 = nil } }

    /// The next line of standard output without its newline; `nil` at its end.
    package func readLine(timeout: Duration = .hang) async throws(TimedOut) -> String? {
        let next = await onThread { self.output.next(until: .now + timeout) }
        switch next {
        case .line(let line): return line
        case .end: return nil
        case .timedOut: throw timedOut("no line of output", timeout)
        }
    }

    /// Every line of standard output up to its end.
    package func readAll(timeout: Duration = .hang) async throws(TimedOut) -> [String] {
        let lines: [String]? = await onThread {
            let deadline = ContinuousClock.now + timeout
            var lines: [String] = []
            while true {
                switch self.output.next(until: deadline) {
                case .line(let line): lines.append(line)
                case .end: return lines
                case .timedOut: return nil
                }
            }
        }
        guard let lines else { throw timedOut("no end of the output", timeout) }
        return lines
    }

    /// The end of the process; by then `standardError` is complete.
    package func wait(timeout: Duration = .hang) async throws(TimedOut) -> ExitStatus {
        let status = await onThread {
            let status = self.reaper.wait(timeout: timeout)
            if status != nil { self.errors.waitForEnd() }
            return status
        }
        guard let status else { throw timedOut("the process still runs", timeout) }
        return status
    }

    /// Does nothing once the process has ended: its number may belong to another by then.
    package func kill(_ signal: Int32) { reaper.kill(signal) }

    /// What the process has written to standard error so far.
    package var standardError: String { errors.text }

    private func timedOut(_ what: String, _ timeout: Duration) -> TimedOut {
        TimedOut(description: "\(what) after \(timeout); standard error:\n\(standardError)")
    }

    // MARK: In one call

    package struct Output: Sendable {
        /// Standard output.
        package var lines: [String]
        package var standardError: String
        package var status: ExitStatus
    }

    /// Runs the process to its end with `input` as the whole of its standard input.
    package static func run(
        _ arguments: [String] = [], input: String = "", environment: [String: String] = [:],
        currentDirectory: String? = nil, binary: String = Subprocess.binary, timeout: Duration = .hang
    ) async throws -> Output {
        let process = try Subprocess(
            arguments, environment: environment, currentDirectory: currentDirectory, binary: binary)
        async let written: Void = process.writeAll(input)
        let lines = try await process.readAll(timeout: timeout)
        let status = try await process.wait(timeout: timeout)
        await written
        return Output(lines: lines, standardError: process.standardError, status: status)
    }

    /// A process that ends without reading its input is no failure of the test.
    private func writeAll(_ text: String) async {
        try? await write(bytes: Array(text.utf8))
        closeInput()
    }
}

/// Runs a call that blocks on a thread of its own, so that the tests' few threads stay free.
package func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        _ = JoinableThread { continuation.resume(returning: body()) }
    }
}
