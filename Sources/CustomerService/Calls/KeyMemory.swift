package import CustomerStore
package import Environment
import JSON

/// How long calls under a host's idempotency keys are remembered: a repetition that comes later is a new call.
package struct KeyMemory: Sendable {
    let store: CustomerStore
    let clock: any WallClock
    let log: Log
    let days: Int

    /// A key is remembered for an hour more at most.
    private static let pause: Milliseconds = 3_600_000
    /// Between two transactions, for what else is to be written.
    private static let breath: Milliseconds = 20

    package init(store: CustomerStore, clock: any WallClock, log: Log, days: Int) {
        self.store = store
        self.clock = clock
        self.log = log
        self.days = days
    }

    /// Forgets what is old, at once and then by the hour, until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            await forget()
            await SystemClock().sleep(Self.pause)
        }
    }

    package func forget() async {
        let oldest = clock.now() - Milliseconds(days) * 86_400_000
        do throws(StoreError) {
            while try await store.forgetCalls(before: oldest), !Task.isCancelled {
                await SystemClock().sleep(Self.breath)
            }
        } catch {
            log(.error, "keys.forget_failed", ["error": .string(error.description)])
        }
    }
}
