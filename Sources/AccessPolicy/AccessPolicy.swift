import JSON
import JSONSchema
import Schemas

/// Who may call what: the file that `--policy` names.
///
/// Deciding is a pure function of the policy, the actor, the call and what the actor owns. It never looks at what the
/// call is about, so a refusal is the same whether that exists or not.
package struct AccessPolicy: Sendable {
    package enum Scope: String, Sendable {
        /// On everybody.
        case all
        /// Only on the actor itself: its own user and that user's customer.
        case `self`
    }

    package struct Role: Sendable {
        package let scope: Scope
        private let methods: Set<CodePoints>
        /// What it may write under the scope `self`, in place of the defaults.
        let fields: Set<CodePoints>?

        init(_ role: JSONValue) {
            scope = role["scope"]?.string.flatMap(Scope.init) ?? .all
            methods = Self.names(role["methods"]) ?? []
            fields = Self.names(role["fields"])
        }

        func allows(_ method: String) -> Bool {
            if methods.contains(CodePoints(method)) { return true }
            let isForStar = scope == .all || SelfRule.table[method]?.mustBeNamed != true
            return isForStar && methods.contains(CodePoints("*"))
        }

        private static func names(_ list: JSONValue?) -> Set<CodePoints>? {
            list?.array.map { Set($0.compactMap { $0.string.map { CodePoints($0) } }) }
        }
    }

    /// What everybody may call, also without an actor: they tell about the process and about nobody.
    package static let open: Set<String> = ["ping", "health", "rpc.discover"]

    private let roles: [CodePoints: Role]

    /// - Throws: `PolicyFault`, with the place in the file.
    package init(parsing bytes: [UInt8]) throws(PolicyFault) {
        let document: JSONValue
        do { document = try JSONValue(parsing: bytes) } catch {
            throw PolicyFault(pointer: "", reason: "it is not JSON at byte \(error.offset): \(error.reason)")
        }
        let schema: Schema
        do { schema = try Schema(Schemas.policy) } catch {
            throw PolicyFault(pointer: "", reason: "its schema can't be used: \(error)")
        }
        let violations = schema.validate(document, limit: 64).list
        // A misspelt member also leaves another one missing.
        if let violation = violations.first(where: { $0.keyword == "additionalProperties" }) ?? violations.first {
            throw Self.unknownMethod(in: document)
                ?? PolicyFault(pointer: violation.instanceLocation, reason: violation.error)
        }
        let members = document["roles"]?.object?.members ?? []
        guard !members.isEmpty else {
            let open = Self.open.sorted().joined(separator: ", ")
            throw PolicyFault(
                pointer: "/roles", reason: "it has no role, so that nobody could call anything but \(open): add one")
        }
        for member in members { try Self.requireSense(member.name, member.value) }
        roles = Dictionary(
            members.map { (CodePoints($0.name), Role($0.value)) }, uniquingKeysWith: { first, _ in first })
    }

    /// The first of the methods that don't exist, with the one that was probably meant: the schema only lists them all.
    private static func unknownMethod(in document: JSONValue) -> PolicyFault? {
        for role in document["roles"]?.object?.members ?? [] {
            for (index, method) in (role.value["methods"]?.array ?? []).enumerated() {
                guard let method = method.string, method != "*", !Schemas.methods.contains(method) else { continue }
                let place = JSONPointer.root.appending("roles").appending(role.name).appending("methods")
                let meant = nearestMethod(method, in: Schemas.methods).map { ", did you mean \($0)?" } ?? ""
                return PolicyFault(
                    pointer: place.appending(index).description,
                    reason: "there is no method \(quotable(method))\(meant)")
            }
        }
        return nil
    }

    /// What the schema can't say of one role. A policy that means more than it can give is refused, not read otherwise.
    private static func requireSense(_ name: String, _ role: JSONValue) throws(PolicyFault) {
        let place = JSONPointer.root.appending("roles").appending(name)
        guard role["scope"] == "self" else {
            guard role["fields"] == nil else {
                throw PolicyFault(
                    pointer: place.appending("fields").description,
                    reason: "fields are what a role may write on itself: they need \"scope\": \"self\"")
            }
            return
        }
        for (index, method) in (role["methods"]?.array ?? []).enumerated() {
            guard let method = method.string, method != "*", !open.contains(method), SelfRule.table[method] == nil
            else {
                continue
            }
            throw PolicyFault(
                pointer: place.appending("methods").appending(index).description,
                reason: "\(method) is never a matter of one user alone: take it out, or give it to a role with"
                    + " \"scope\": \"all\"")
        }
    }

    package var roleCount: Int { roles.count }

    package func role(_ name: String) -> Role? { roles[CodePoints(name)] }
}

/// What is wrong with a policy file, and where.
package struct PolicyFault: Error, Sendable, CustomStringConvertible {
    /// JSON pointer into the file; empty for the whole of it.
    package let pointer: String
    package let reason: String

    package var description: String { pointer.isEmpty ? reason : "at \(pointer): \(reason)" }
}
