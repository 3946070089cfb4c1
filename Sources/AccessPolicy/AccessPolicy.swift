package import Interface
import JSON
import JSONSchema

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

        func allows(_ name: String, _ method: MethodDeclaration?) -> Bool {
            if methods.contains(CodePoints(name)) { return true }
            let isForStar = scope == .all || method?.mustBeNamed != true
            return isForStar && methods.contains(CodePoints("*"))
        }

        private static func names(_ list: JSONValue?) -> Set<CodePoints>? {
            list?.array.map { Set($0.compactMap { $0.string.map { CodePoints($0) } }) }
        }
    }

    /// What there is to be allowed.
    let service: ServiceDescription
    private let roles: [CodePoints: Role]

    /// - Throws: `PolicyFault`, with the place in the file.
    package init(parsing bytes: [UInt8], for service: ServiceDescription) throws(PolicyFault) {
        self.service = service
        let document: JSONValue
        do { document = try JSONValue(parsing: bytes) } catch {
            throw PolicyFault(pointer: "", reason: "it is not JSON at byte \(error.offset): \(error.reason)")
        }
        let schema: Schema
        do { schema = try Schema(Self.schema(for: service)) } catch {
            throw PolicyFault(pointer: "", reason: "its schema can't be used: \(error)")
        }
        let violations = schema.validate(document, limit: 64).list
        // A misspelt member also leaves another one missing.
        if let violation = violations.first(where: { $0.keyword == "additionalProperties" }) ?? violations.first {
            throw Self.unknownMethod(in: document, service)
                ?? PolicyFault(pointer: violation.instanceLocation, reason: violation.error)
        }
        let members = document["roles"]?.object?.members ?? []
        guard !members.isEmpty else {
            let open = service.methods.filter(\.isOpen).map(\.name).sorted().joined(separator: ", ")
            throw PolicyFault(
                pointer: "/roles", reason: "it has no role, so that nobody could call anything but \(open): add one")
        }
        for member in members { try Self.requireSense(member.name, member.value, service) }
        roles = Dictionary(
            members.map { (CodePoints($0.name), Role($0.value)) }, uniquingKeysWith: { first, _ in first })
    }

    /// The first of the methods that don't exist, with the one that was probably meant: the schema only lists them all.
    private static func unknownMethod(
        in document: JSONValue, _ service: ServiceDescription
    ) -> PolicyFault? {
        for role in document["roles"]?.object?.members ?? [] {
            for (index, method) in (role.value["methods"]?.array ?? []).enumerated() {
                guard let method = method.string, method != "*", service[method] == nil else { continue }
                let place = JSONPointer.root.appending("roles").appending(role.name).appending("methods")
                let meant = nearestMethod(method, in: service.names).map { ", did you mean \($0)?" } ?? ""
                return PolicyFault(
                    pointer: place.appending(index).description,
                    reason: "there is no method \(quotable(method))\(meant)")
            }
        }
        return nil
    }

    /// What the schema can't say of one role. A policy that means more than it can give is refused, not read otherwise.
    private static func requireSense(
        _ name: String, _ role: JSONValue, _ service: ServiceDescription
    ) throws(PolicyFault) {
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
            guard let method = method.string.flatMap({ service[$0] }), !method.isOpen, method.about.isEmpty else {
                continue
            }
            throw PolicyFault(
                pointer: place.appending("methods").appending(index).description,
                reason: "\(method.name) is never a matter of one user alone: take it out, or give it to a role with"
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
