import JSON
import Synchronization

/// What a method tells about its progress, in the words of `notifications/progress`.
final class ToolProgress: Sendable {
    private let last = Mutex<Int64>(0)

    /// - Parameter value: what a host would get: counts of `users` and `customers`, and more for people.
    /// - Returns: `nil` when nothing has been added: "The progress value MUST increase with each notification"
    ///   (basic/utilities/progress).
    func next(_ value: JSONValue) -> JSONValue? {
        let done = ["users", "customers"].compactMap { value[$0]?.int64 }.reduce(0, +)
        let isMore = last.withLock { last in
            defer { last = max(last, done) }
            return done > last
        }
        guard isMore else { return nil }
        let parts = value.object?.members.map { "\($0.name): \($0.value.string ?? $0.value.description)" } ?? []
        return ["progress": .number(JSONNumber(done)), "message": .string(parts.joined(separator: ", "))]
    }
}
