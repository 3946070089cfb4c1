import Synchronization

/// What happened to each user, and to the processes as a whole, so that a broken invariant can be followed back: calls,
/// requests, SQL, kills.
final class History: Sendable {
    private struct Entry: Sendable {
        var at: Duration
        var text: String
    }

    private struct State {
        var people: [String: [Entry]] = [:]
        var everybody: [Entry] = []
    }

    private let state = Mutex(State())
    private let began = ContinuousClock.now

    /// Enough for the causes of what shows at once; an hour must fit into memory.
    private static let entriesOfOneMax = 300
    private static let entriesOfAllMax = 4000

    /// - Parameter person: `Life.person`; `nil` for what concerns everybody.
    func note(_ text: String, of person: String?) {
        let entry = Entry(at: ContinuousClock.now - began, text: text)
        state.withLock { state in
            if let person {
                Self.append(entry, to: &state.people[person, default: []], atMost: Self.entriesOfOneMax)
            } else {
                Self.append(entry, to: &state.everybody, atMost: Self.entriesOfAllMax)
            }
        }
    }

    /// The person's entries with what concerned everybody in between, the oldest first.
    func told(of person: String, last count: Int = 300) -> [String] {
        let (own, all) = state.withLock { ($0.people[person] ?? [], $0.everybody) }
        guard let first = own.first?.at else { return [] }
        return (own + all.filter { $0.at >= first }).sorted { $0.at < $1.at }.suffix(count).map { entry in
            let (seconds, attoseconds) = entry.at.components
            let milliseconds = String(attoseconds / 1_000_000_000_000_000 + 1000).dropFirst()
            return "\(seconds).\(milliseconds)  \(entry.text)"
        }
    }

    private static func append(_ entry: Entry, to entries: inout [Entry], atMost count: Int) {
        entries.append(entry)
        // In strokes, since each moves what stays.
        if entries.count > count * 3 / 2 { entries.removeFirst(entries.count - count) }
    }
}
