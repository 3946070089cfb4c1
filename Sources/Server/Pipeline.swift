package import Environment
import Interface
package import JSON
package import JSONRPC
package import StandardIO

/// The way of a request through the process. Each stage has one owner, and these types cross the borders:
///
///     bytes ──1──► Line ──2──► Message ──3──► AdmittedCall ──4──► Outcome ──5──► Line ──6──► bytes
///
/// 1. read: `LineInput` and `LineReader` cut the input into lines, on the reading thread.
/// 2. tell apart: `Intake` has `Incoming` check that a line is JSON and tell requests, notifications and batches apart. It
///    gives each its place in flight and in its batch, and sees to cancellations and duplicate ids.
/// 3. admit: `Admission` finds the method, takes `_meta` out and holds the params against their schema. (Rights are asked
///    for when the call's turn has come, by the service: an earlier call may have to do with them.)
/// 4. order and carry out: `Running` runs the call as a task when `KeyOrder` lets it, and ends it early when it is cancelled
///    or its time is over.
/// 5. answer: `Reply` answers once, under the request's id; `BatchAnswer` gathers the answers to a batch.
/// 6. write: `LineWriter` writes whole lines, on the writing thread.
///
/// Stages 1 to 3 happen one line after the other, so duplicate ids, cancellations and the order of calls are decided in
/// the order of the input. Only stage 4 is concurrent.
///
/// Locks are held for bookkeeping only. Where one is taken while another is held, it is in this order: `Reply`'s, then
/// `BatchAnswer`'s, `InFlight`'s or that of the unanswered calls, then `LineWriter`'s. `PendingCall`'s and that of the
/// schedule are taken alone.
package struct Pipeline: Sendable {
    private let intake: Intake

    package init(
        admission: Admission, configuration: ServerConfiguration, afterEach: (@Sendable () async -> Void)?,
        inFlight: InFlight, writer: LineWriter, identifiers: any Identifiers, log: Log
    ) {
        let running = Running(
            configuration: configuration, afterEach: afterEach, writer: writer, identifiers: identifiers, log: log)
        intake = Intake(
            admission: admission, configuration: configuration, inFlight: inFlight, writer: writer, running: running,
            log: log)
    }

    /// Takes one line in, on the reading thread. Blocks while too much is in flight.
    @Sendable package func accept(_ line: LineReader.Line) { intake.accept(line) }

    /// From now on requests are answered `shutting_down`.
    package func refuseNewRequests() { intake.refuseNewRequests() }

    /// Answers everything that has no answer yet: the process is about to end. What has begun goes on until it does.
    package func abandon() { intake.abandon() }
}

/// Either half of an answer.
package typealias Outcome = Result<JSONValue, ErrorObject>
