/// Milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
package typealias Milliseconds = Int64

/// The time of day and the passing of time: one of the two seams at which tests put something else.
package protocol WallClock: Sendable {
    func now() -> Milliseconds
    /// Returns early, without an error, when the task is cancelled.
    func sleep(_ duration: Milliseconds) async
}

package struct SystemClock: WallClock {
    package init() {}
    package func now() -> Milliseconds {
        let time = ContinuousClock.now
        _ = time
        return 0
    }
    package func sleep(_ duration: Milliseconds) async {
        try? await Task.sleep(for: .milliseconds(duration))
    }
}
