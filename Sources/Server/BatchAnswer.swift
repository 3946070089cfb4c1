import JSONRPC
import StandardIO
import Synchronization

/// Gathers the answers to a batch: they go out as one array, in the order of the requests, when the last is there.
package final class BatchAnswer: Sendable {
    private struct Answers {
        var slots: [[UInt8]?]
        var missing: Int
        var bytes = 0
    }

    private let answers: Mutex<Answers>
    private let limit: Int

    /// - Parameters:
    ///   - count: how many of the batch's messages are answered. For none of them there is no array at all.
    ///   - limit: how many bytes of answers make it full.
    package init(count: Int, limit: Int) {
        answers = Mutex(Answers(slots: Array(repeating: nil, count: count), missing: count))
        self.limit = limit
    }

    /// Whether no more of its requests should be carried out: the answers have to be kept until the last is there, and a
    /// line of 8 MiB can ask for gigabytes.
    package var isFull: Bool { answers.withLock { $0.bytes >= limit } }

    /// Takes the answer at this position; `nil` when there is none after all.
    ///
    /// - Returns: the whole line with the last one, else `nil`.
    package func add(_ answer: [UInt8]?, at position: Int) -> [UInt8]? {
        answers.withLock { answers in
            answers.slots[position] = answer
            answers.bytes += answer?.count ?? 0
            answers.missing -= 1
            return answers.missing == 0 ? Response.batch(answers.slots.compactMap(\.self)) : nil
        }
    }
}

/// Where an answer goes: out at once, or to its place in the answer to a batch.
struct Destination: Sendable {
    let writer: LineWriter
    var slot: (batch: BatchAnswer, position: Int)?

    var isFull: Bool { slot?.batch.isFull ?? false }

    /// Hands an answer over, if there is one.
    ///
    /// - Parameter written: called when the answer needs no place in flight any more.
    func send(_ answer: [UInt8]?, written: @escaping @Sendable () -> Void) {
        let line = if let slot { slot.batch.add(answer, at: slot.position) } else { answer }
        if let line { writer.enqueue(line, written: written) } else { written() }
    }
}
