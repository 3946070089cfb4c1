import Foundation
import JSON
import TestSupport

/// A running localstripe (https://github.com/adrienverge/localstripe), started by `localstripe_server.py` in the Python
/// environment that `.ci/setup` makes.
struct LocalStripe: Sendable {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
    private static let python = root.appending(path: ".build/venv/bin/python").path
    private static let script = root.appending(path: "Tests/ProcessTests/localstripe_server.py").path

    static let isInstalled = FileManager.default.isExecutableFile(atPath: python)

    let url: String
    private let process: Subprocess

    init() async throws {
        process = try Subprocess([Self.script], binary: Self.python)
        let port = try await process.readLine() ?? ""
        url = "http://127.0.0.1:\(port)"
    }

    /// All customers that it has, with id, email, name and metadata.
    func customers() async throws -> [JSONValue] {
        try await process.write("customers")
        let line = try await process.readLine() ?? ""
        return try JSONValue(parsing: Array(line.utf8)).array ?? []
    }
}
