import AccessPolicy
import CustomerService
import Foundation
import Interface
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

    @Test("The folder `schemas` has what is declared, and nothing else")
    func schemas() throws {
        let service = CustomerService.description
        let files = service.files + [("policy.json", AccessPolicy.schema(for: service))]
        for file in files { try compare(file.content.pretty, with: "schemas/\(file.name)") }
        let folder = Self.root.appending(path: "schemas")
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
        where !files.contains(where: { $0.name == name }) {
            if Self.records { try FileManager.default.removeItem(at: folder.appending(path: name)) }
            Issue.record("schemas/\(name) is declared nowhere: run .ci/record")
        }
    }

    @Test("The fuzzer's dictionary has every method")
    func dictionary() throws {
        let path = "Tests/Fuzz/wire.dict"
        let parts = try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
            .components(separatedBy: Self.divider)
        try #require(parts.count == 2)
        let names = CustomerService.description.names.map { #""\"\#($0)\"""# }
        let head = ["# The methods, written by .ci/record."] + names
        try compare(head.joined(separator: "\n") + "\n" + Self.divider + parts[1], with: path)
    }

    private static let divider = "# Further words: https://llvm.org/docs/LibFuzzer.html#dictionaries\n"

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
