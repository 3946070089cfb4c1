package import CustomerStore
import Environment
import JSON

/// Runs `body` in somebody's name: what it changes in the store is recorded with that, and with the request id of the
/// last change that it made at Stripe.
func audited<T: Sendable, E: Error>(
    _ method: String, as actor: AuditScope.Actor?, traceparent: String? = nil,
    _ body: (AuditScope) async throws(E) -> T
) async throws(E) -> T {
    let trail = RequestTrail(traceparent: traceparent, partOf: .current)
    let scope = AuditScope(actor: actor, method: method, traceparent: traceparent) { trail.lastChange }
    let result: Result<T, E> = await AuditScope.$current.withValue(scope) {
        await RequestTrail.$current.withValue(trail) {
            do throws(E) { return .success(try await body(scope)) } catch { return .failure(error) }
        }
    }
    return try result.get()
}

/// The same for one user of many who are worked on at once, so that each event has the request that belongs to it.
/// - Parameter method: What it is called when nobody has called it.
func auditedPart<T: Sendable, E: Error>(
    of method: String, _ body: () async throws(E) -> T
) async throws(E) -> T {
    let whole = AuditScope.current
    return try await audited(
        whole?.method ?? method, as: whole.map(\.actor) ?? .system, traceparent: whole?.traceparent
    ) { _ async throws(E) in try await body() }
}

extension CustomerService {
    /// Records what the process did before it could be asked: that it loaded a policy.
    package func recordPolicyLoad(digest: String, roles: Int) async throws(StoreError) {
        try await audited("policy.load", as: .system) { _ async throws(StoreError) in
            try await store.recordAuditEvent(
                userId: nil, customerId: nil, outcome: "ok",
                details: ["sha256": .string(digest), "roles": .number(JSONNumber(roles))])
        }
    }

    /// Looks, at the start, for what somebody has put on the log's table: its hashes don't tell of that.
    package func tellForeignAuditParts() async throws(StoreError) {
        let foreign = try await store.foreignAuditParts()
        if !foreign.isEmpty { logBrokenAudit(.schema, foreign: foreign) }
    }

    func logBrokenAudit(_ fault: AuditVerdict.Fault, foreign: [String]) {
        var fields: JSONObject = ["fault": .string(fault.rawValue)]
        if !foreign.isEmpty { fields["foreign"] = .array(foreign.map { .string($0) }) }
        log(.error, "audit.broken", fields)
    }

    /// A refusal or a failure.
    func record(_ params: JSONValue, outcome error: ServiceError, as method: String) async {
        var details: JSONObject = [:]
        for name in ["missing", "field"] { details[name] = error.details[name] }
        if AuditedMethods.changeAtStripeAlone.contains(method) { details["fields"] = changedFields(params) }
        await record(
            userId: params["userId"]?.string, customerId: params["customerId"]?.string, outcome: error.kind.rawValue,
            email: params["email"]?.string, details: details)
    }

    /// Before a change that is made at Stripe alone.
    func noteChangeUnderWay(_ params: JSONValue) async throws(ServiceError) {
        try await stored(
            await store.noteChangeUnderWay(
                userId: params["userId"]?.string, customerId: params["customerId"]?.string,
                email: params["email"]?.string, details: ["fields": changedFields(params)]))
    }

    /// After it, or after it has turned out that there was nothing to change.
    func record(_ params: JSONValue, answer: JSONValue) async {
        if AuditScope.current?.isUnchanged == true {
            // A note that stays would be recorded later, its outcome unknown.
            do throws(StoreError) { try await store.dropChangeUnderWay() } catch {
                log(.error, "audit.append_failed", ["error": .string(error.description)])
            }
            return
        }
        await record(
            userId: params["userId"]?.string, customerId: params["customerId"]?.string ?? answer["id"]?.string,
            outcome: "ok", email: params["email"]?.string, details: ["fields": changedFields(params)])
    }

    private func changedFields(_ params: JSONValue) -> JSONValue {
        let names = (params.object?.members ?? []).map(\.name)
        return .array(
            names.filter { !["userId", "customerId", "onDuplicateEmail", "force"].contains($0) }.map { .string($0) })
    }

    /// It has happened, and the caller is told so even if the log can't be written: that is a matter for the operator.
    private func record(
        userId: String?, customerId: String?, outcome: String, email: String?, details: JSONObject
    ) async {
        do throws(StoreError) {
            try await store.recordAuditEvent(
                userId: userId, customerId: customerId, outcome: outcome, email: email, details: details)
        } catch {
            log(.error, "audit.append_failed", ["error": .string(error.description)])
        }
    }
}
