import Foundation
import JSON
import TestSupport
import Testing

/// What is printed for hosts, kept as files, so that a change of it is seen where it is reviewed.
///
/// `.ci/record` writes the files anew, to be read before they are committed.
@Suite("Recorded files")
struct RecordedTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
    private static let records = ProcessInfo.processInfo.environment["RECORD_FILES"] == "1"

    @Test("`describe` prints what is recorded")
    func describe() async throws {
        let printed = try await Subprocess.run(["describe"]).lines.joined(separator: "\n")
        try compare(try JSONValue(parsing: Array(printed.utf8)).pretty, with: "Tests/Recorded/describe.json")
    }

    @Test(
        "`client` prints what is recorded",
        arguments: [("python", "client.py"), ("node", "client.mjs"), ("typescript", "client.ts")])
    func client(language: String, file: String) async throws {
        let printed = try await Subprocess.run(["client", language]).lines.map { $0 + "\n" }.joined()
        try compare(printed, with: "Tests/Recorded/\(file)")
    }

    private func compare(_ text: String, with path: String) throws {
        let file = Self.root.appending(path: path)
        let recorded = try? String(contentsOf: file, encoding: .utf8)
        if Self.records {
            guard recorded != text else { return }
            try text.write(to: file, atomically: true, encoding: .utf8)
            Issue.record("recorded \(path): read what has changed")
        } else {
            let isSame = recorded.map { Array($0.utf8) == Array(text.utf8) } ?? false
            #expect(isSame, "\(path) is out of date: run .ci/record, and read what has changed")
        }
    }
}
