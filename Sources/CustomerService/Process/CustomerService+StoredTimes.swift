package import CustomerStore
import Environment
import JSON

extension CustomerService {
    /// Says at the start where the database holds times that are not believed: the service goes on without them, and
    /// somebody should know.
    package func tellDoubtfulTimes() async throws(StoreError) {
        for times in try await store.doubtfulTimes(ahead: max(Backoff.longest, StoredTime.clockTolerance)) {
            log(.warning, "times.not_believed", ["table": .string(times.table), "column": .string(times.column)])
        }
    }
}
