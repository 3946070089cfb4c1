import AccessPolicy
import JSON

/// Whether the access policy can be used.
enum PolicyCheck {
    static let name = "policy"

    static func look(_ options: Options) -> Finding {
        do throws(StartFailure) {
            let roles = try PolicyFile(options)?.policy.roleCount ?? 0
            return .ok(name, roles == 1 ? "one role" : "\(roles) roles", ["roles": .number(JSONNumber(roles))])
        } catch {
            return .failed(name, error, next: "mend the file; schemas/policy.json is its schema")
        }
    }
}
