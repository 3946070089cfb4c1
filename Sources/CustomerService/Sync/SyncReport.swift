import CustomerStore
import Environment
import Interface
import JSON
import Stripe

/// What registerUser and updateUser say about the customer: the user is safe on disk, whatever became of the sync.
struct SyncReport: Encodable, Sendable {
    struct Failure: Encodable, Sendable {
        var type: String
        var message: String
        var retryable: Bool
        var stripe: JSONValue?
        var candidates: JSONValue?
    }

    var state: String
    var outcome: String?
    var changed: [String]?
    var reason: String?
    var error: Failure?
}

extension SyncReport {
    /// An answer with a report, without the ids of others: why the customer is not there yet may be that several have the
    /// address.
    static func confined(_ answer: JSONValue) -> JSONValue {
        guard var object = answer.object, var sync = answer["sync"]?.object, var error = sync["error"]?.object else {
            return answer
        }
        error["candidates"] = nil
        sync["error"] = .object(error)
        object["sync"] = .object(sync)
        return .object(object)
    }
}

extension CustomerSync {
    /// A registration is not held up for longer than this by a slow Stripe; the sync goes on behind the answer.
    static let foregroundPatience: Milliseconds = 5_000

    /// Syncs a user whose change is on disk already, and reports instead of failing.
    func report(
        on userId: String, _ request: SyncRequest, claimed: SyncClaim?
    ) async -> (report: SyncReport, customerId: String?) {
        var request = request
        request.patience = .brief
        let result: Result<SyncResult, ServiceError>? = await limited(to: Self.foregroundPatience) { [request] in
            do throws(ServiceError) {
                return .success(try await bringInLine(userId, request, claimed: claimed))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let result):
            if let refusal = result.refusal {
                let failure = SyncReport.Failure(
                    type: refusal.kind.rawValue, message: refusal.message, retryable: false,
                    stripe: refusal.details["stripe"])
                let report = SyncReport(
                    state: "parked", outcome: result.outcome.rawValue, changed: result.changed,
                    reason: refusal.message, error: failure)
                return (report, result.customerId)
            }
            return (
                SyncReport(state: "synced", outcome: result.outcome.rawValue, changed: result.changed),
                result.customerId
            )
        case .failure(let error):
            let failure = SyncReport.Failure(
                type: error.kind.rawValue, message: error.message, retryable: error.retryable,
                stripe: error.details["stripe"], candidates: error.details["candidates"])
            return (
                SyncReport(state: error.isFinal ? "parked" : "pending", reason: error.message, error: failure),
                await linkedCustomer(of: userId)
            )
        case nil:
            return (
                SyncReport(state: "pending", reason: "Stripe has not answered yet"), await linkedCustomer(of: userId)
            )
        }
    }

    /// What failed may have failed after the link.
    private func linkedCustomer(of userId: String) async -> String? {
        do throws(StoreError) { return try await store.user(userId)?.customerId } catch { return nil }
    }
}

/// What `body` returns, or `nil` when it takes longer; it then goes on by itself.
private func limited<T: Sendable>(to limit: Milliseconds, _ body: @escaping @Sendable () async -> T) async -> T? {
    let first = FirstValue<T?>()
    let timer = Task {
        await SystemClock().sleep(limit)
        first.settle(nil)
    }
    Task {
        first.settle(await body())
        timer.cancel()
    }
    return await first.value
}
