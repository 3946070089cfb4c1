import Dispatch
import Synchronization

extension Duration {
    /// What has not come by then does not come, however busy the machine is: for waits that claim nothing about time.
    package static let hang = Duration.seconds(120)
}

/// What was waited for did not come about.
package struct NeverCame: Error, CustomStringConvertible {
    package var description: String
}

/// Looks again and again until it is so.
package func until(_ what: String, _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .hang
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw NeverCame(description: "\(what) after \(Duration.hang)") }
        try await Task.sleep(for: .milliseconds(10))
    }
}

/// Holds threads, such as the handler's of a server, until the test opens it: an order of events that no clock decides.
package final class Gate: Sendable {
    private let state = Atomic(false)
    private let opened = DispatchSemaphore(value: 0)

    package init() {}

    package var isOpen: Bool { state.load(ordering: .acquiring) }

    package func open() {
        state.store(true, ordering: .releasing)
        opened.signal()
    }

    /// Blocks the thread; not for ever, so that a test which fails before it opens the gate still ends.
    package func wait() {
        let isOpen = opened.wait(timeout: .now() + .seconds(120)) == .success
        // For whoever waits beside it.
        if isOpen { opened.signal() }
    }
}
