import Dispatch
import JSONRPC
import StandardIO
import Synchronization

/// Gathers the answers to a batch: they go out as one array, in the order of the requests, when the last is there.
package final class BatchAnswer: Sendable {
    private struct Answers {
        var slots: [[UInt8]?]
        var missing: Int
        var bytes = 0
        /// What makes the ids of those that are answered free again.
        var releases: [@Sendable () -> Void] = []
    }

    private let answers: Mutex<Answers>
    private let memory: BatchMemory

    /// - Parameters:
    ///   - count: how many of the batch's messages are answered. For none of them there is no array at all.
    ///   - memory: where the bytes of the answers count.
    package init(count: Int, memory: BatchMemory) {
        answers = Mutex(Answers(slots: Array(repeating: nil, count: count), missing: count))
        self.memory = memory
    }

    /// Whether no more of its requests should be carried out: the answers have to be kept until the last is there, and a
    /// line of 8 MiB can ask for gigabytes.
    package var isFull: Bool { answers.withLock { $0.bytes >= memory.limit } }

    /// Takes the answer at this position; `nil` when there is none after all.
    ///
    /// - Parameter release: called once all answers are there: no host has this one before.
    /// - Returns: the whole line with the last one, else `nil`.
    package func add(_ answer: [UInt8]?, at position: Int, release: @escaping @Sendable () -> Void) -> [UInt8]? {
        let bytes = answer?.count ?? 0
        memory.take(bytes)
        let (line, releases) = answers.withLock { answers -> ([UInt8]?, [@Sendable () -> Void]) in
            answers.slots[position] = answer
            answers.bytes += bytes
            answers.missing -= 1
            answers.releases.append(release)
            guard answers.missing == 0 else { return (nil, []) }
            defer { (answers.slots, answers.releases) = ([], []) }
            return (Response.batch(answers.slots.compactMap(\.self)), answers.releases)
        }
        for release in releases { release() }
        return line
    }

    /// The whole line has been written.
    func forget() { memory.release(answers.withLock { $0.bytes }) }
}

/// The answers that are kept until their batches are complete and written: the requests have given their places in
/// flight back by then, so these have a bound of their own.
package final class BatchMemory: Sendable {
    private struct State {
        var bytes = 0
        var readerWaits = false
    }

    let limit: Int
    private let state = Mutex(State())
    private let freed = DispatchSemaphore(value: 0)

    package init(limit: Int) { self.limit = limit }

    /// Blocks the calling thread while so much is kept. Only the reading thread may call this, before it begins a batch.
    func waitForRoom() {
        let waits = state.withLock { state in
            state.readerWaits = state.bytes >= limit
            return state.readerWaits
        }
        if waits { freed.wait() }
    }

    func take(_ bytes: Int) { state.withLock { $0.bytes += bytes } }

    func release(_ bytes: Int) {
        let wakesReader = state.withLock { state in
            state.bytes -= bytes
            guard state.readerWaits, state.bytes < limit else { return false }
            state.readerWaits = false
            return true
        }
        if wakesReader { freed.signal() }
    }
}

/// Where an answer goes: out at once, or to its place in the answer to a batch.
struct Destination: Sendable {
    let writer: LineWriter
    var slot: (batch: BatchAnswer, position: Int)?

    var isFull: Bool { slot?.batch.isFull ?? false }

    /// Hands an answer over, if there is one.
    ///
    /// - Parameters:
    ///   - release: called before the host can have the answer: it may use the id again as soon as it has.
    ///   - written: called when the answer needs no place in flight any more.
    func send(
        _ answer: [UInt8]?, release: @escaping @Sendable () -> Void, written: @escaping @Sendable () -> Void
    ) {
        guard let slot else {
            release()
            if let answer { writer.enqueue(answer, written: written) } else { written() }
            return
        }
        guard let line = slot.batch.add(answer, at: slot.position, release: release) else { return written() }
        writer.enqueue(line) {
            slot.batch.forget()
            written()
        }
    }
}
