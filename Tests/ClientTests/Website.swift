import JSON
import TestSupport
import Testing

/// Registers a user at the website that the app serves, and reads the customer's page.
///
/// - Parameter app: prints its port in a line of its own once it listens.
/// - Returns: the address of the website.
@discardableResult
func expectWebsite(of app: Subprocess) async throws -> String {
    let port = try #require(try await app.readLine())
    let site = "http://127.0.0.1:\(port)"
    let registered = try await curl(["-d", "email=ada@example.com&name=Ada", site + "/users/u1"])
    let customerID = try #require(registered["customerId"]?.string)
    let customer = try await curl([site + "/users/u1/customer"])
    #expect(customer["id"]?.string == customerID)
    #expect(customer["email"]?.string == "ada@example.com")
    #expect(customer["name"]?.string == "Ada")
    let refused = try await curl(["-d", "email=nonsense", site + "/users/u2"])
    #expect(refused["error"]?.string == "invalid_params")
    return site
}

func curl(_ arguments: [String]) async throws -> JSONValue {
    let output = try await Subprocess.run(["-s", "--max-time", "60"] + arguments, binary: "/usr/bin/curl")
    return try JSONValue(parsing: Array(output.lines.joined(separator: "\n").utf8))
}
