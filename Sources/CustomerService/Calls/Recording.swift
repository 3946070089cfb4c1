package import CustomerStore
import Environment
import Interface
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

// MARK: - Calls

extension CustomerService {
    /// Carries out a call in its actor's name, if it is allowed, and sees to the audit log.
    ///
    /// What a method changes in the store is recorded by the store's own transaction. Left for here is what no transaction
    /// knows of: a change at Stripe alone, a refusal, a failure.
    func recorded(
        _ call: Call, of method: MethodDeclaration,
        _ carryOut: (OwnSubject?) async throws(ServiceError) -> JSONValue
    ) async throws(ServiceError) -> JSONValue {
        let actor = call.meta.actor.map { AuditScope.Actor(id: $0.id, role: $0.role) }
        return try await audited(method.name, as: actor, traceparent: call.meta.traceparent) {
            scope async throws(ServiceError) in
            let own: OwnSubject?
            do throws(ServiceError) { own = try await allow(call, of: method) } catch {
                await record(error, of: call, method)
                throw error
            }
            do throws(ServiceError) {
                if method.effect.isNotedBefore { try await noteChangeUnderWay(by: call, method) }
                let answer = try await carryOut(own)
                if scope.isUnchanged {
                    if method.effect.isNotedBefore { await dropChangeUnderWay() }
                } else if method.effect == .changesAtStripe, scope.outcomes.isEmpty {
                    await record(answer, of: call, method)
                }
                return answer
            } catch {
                if method.effect.isAudited, !scope.outcomes.contains(error.kind.rawValue) {
                    await record(error, of: call, method)
                }
                throw own?.confined(error) ?? error
            }
        }
    }

    /// A refusal or a failure.
    private func record(_ error: ServiceError, of call: Call, _ method: MethodDeclaration) async {
        var details: JSONObject = [:]
        for name in ["missing", "field"] { details[name] = error.details[name] }
        if method.effect == .changesAtStripe { details["fields"] = method.changedFields(call.params) }
        await record(call.subject, outcome: error.kind.rawValue, details)
    }

    /// A change at Stripe alone.
    private func record(_ answer: JSONValue, of call: Call, _ method: MethodDeclaration) async {
        await record(
            call.subject, orCustomer: answer["id"]?.string, outcome: "ok",
            ["fields": method.changedFields(call.params)])
    }

    /// Before a change that is made at Stripe alone.
    private func noteChangeUnderWay(by call: Call, _ method: MethodDeclaration) async throws(ServiceError) {
        let subject = call.subject
        try await stored(
            await store.noteChangeUnderWay(
                userId: subject.userId, customerId: subject.customerId, email: subject.email,
                details: ["fields": method.changedFields(call.params)]))
    }

    /// There was nothing to change. A note that stays would be recorded later, its outcome unknown.
    private func dropChangeUnderWay() async {
        do throws(StoreError) { try await store.dropChangeUnderWay() } catch { logUnrecorded(error) }
    }

    /// It has happened, and the caller is told so even if the log can't be written: that is a matter for the operator.
    private func record(
        _ subject: Subject, orCustomer customerId: String? = nil, outcome: String, _ details: JSONObject
    ) async {
        do throws(StoreError) {
            try await store.recordAuditEvent(
                userId: subject.userId, customerId: subject.customerId ?? customerId, outcome: outcome,
                email: subject.email, details: details)
        } catch {
            logUnrecorded(error)
        }
    }

    private func logUnrecorded(_ error: StoreError) {
        log(.error, "audit.append_failed", ["error": .string(error.description)])
    }
}

extension MethodDeclaration {
    /// The names of what a call changes, without the values.
    fileprivate func changedFields(_ given: JSONObject) -> JSONValue {
        let others = Set(about.map(\.rawValue) + params.filter(\.isOption).map(\.name))
        return .array(given.members.map(\.name).filter { !others.contains($0) }.map { .string($0) })
    }
}

// MARK: - What the process does by itself

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
}
