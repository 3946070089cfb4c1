import Environment

/// The operation's value, or `nil` when it takes longer than that many milliseconds.
///
/// The operation is cancelled then and not waited for: an exchange may well let a request that is on its way run to
/// its end, so a task group, which waits for all its children, would miss the deadline. When the caller is cancelled, so
/// is the operation, and its end is waited for: what became of the request is worth knowing.
///
/// The network takes real time, also where the process' own clock is a counted one; hence no `WallClock`.
func withDeadline<Value: Sendable>(
    _ milliseconds: Milliseconds, _ operation: @escaping @Sendable () async -> Value
) async -> Value? {
    let first = FirstValue<Value?>()
    let work = Task { first.settle(await operation()) }
    let timer = Task {
        // In short pieces: a sleep that is cancelled ends at once, but what it left with the dispatcher stays until its time
        // has come, a minute for each of thousands of calls.
        var left = milliseconds
        while left > 0 {
            let piece = min(left, 1_000)
            guard (try? await Task.sleep(for: .milliseconds(piece))) != nil else { return }
            left -= piece
        }
        first.settle(nil)
        work.cancel()
    }
    defer { timer.cancel() }
    return await withTaskCancellationHandler {
        await first.value
    } onCancel: {
        work.cancel()
    }
}
