import JSONRPC
import Synchronization

/// Gathers the answers to a batch: they go out as one array, in the order of the requests, when the last is there.
package final class BatchAnswer: Sendable {
    private let answers: Mutex<(slots: [[UInt8]?], missing: Int)>

    /// - Parameter count: how many of the batch's messages are answered. For none of them there is no array at all.
    package init(count: Int) {
        answers = Mutex((slots: Array(repeating: nil, count: count), missing: count))
    }

    /// Takes the answer at this position; `nil` when there is none after all.
    ///
    /// - Returns: the whole line with the last one, else `nil`.
    package func add(_ answer: [UInt8]?, at position: Int) -> [UInt8]? {
        answers.withLock { answers in
            answers.slots[position] = answer
            answers.missing -= 1
            return answers.missing == 0 ? Response.batch(answers.slots.compactMap(\.self)) : nil
        }
    }
}
