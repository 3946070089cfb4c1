import CustomerService
import Foundation
import Interface
import JSON
import TestSupport
import Testing

@testable import stripe_customers

/// What README.md and the pages of the guide say is what the program does.
@Suite("The documentation")
struct RepositoryTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
    private static let guide = "Sources/stripe-customers/Documentation.docc"
    /// README.md and each page of the guide, by its path.
    private let pages: [(path: String, text: String)]
    private let text: String
    private let lines: [String]

    init() throws {
        let guide = try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: Self.guide).path)
        let paths = ["README.md"] + guide.filter { $0.hasSuffix(".md") }.sorted().map { Self.guide + "/" + $0 }
        pages = try paths.map { path in
            (path, try String(contentsOf: Self.root.appending(path: path), encoding: .utf8))
        }
        text = pages.map(\.text).joined(separator: "\n")
        lines = text.components(separatedBy: "\n")
    }

    @Test(
        "The tables of methods are those of methods.json and the schemas",
        arguments: CustomerService.description.methods.map(\.json))
    func methods(entry: JSONValue) throws {
        let name = try #require(entry["name"]?.string)
        let schema = try #require(CustomerService.description[name]?.paramsSchema)
        let required = schema["required"]?.array?.compactMap(\.string) ?? []
        let members = (schema["properties"]?.object?.members.map(\.name) ?? []).filter { $0 != "_meta" }
        let params = members.filter(required.contains) + members.filter { !required.contains($0) }.map { $0 + "?" }
        let list = params.prefix(8).map { "`\($0)`" }.joined(separator: ", ") + (params.count > 8 ? ", …" : "")
        let summary = entry["summary"]?.string ?? ""
        for row in ["| `\(name)` | \(list) | \(summary) |", "| `\(name)` | \(summary) |"] {
            #expect(lines.contains(row), "No page has the row\n\(row)")
        }
    }

    @Test("The table of errors is that of errors.json", arguments: ErrorKind.allCases.map(\.json))
    func errors(entry: JSONValue) throws {
        let (type, code) = (try #require(entry["type"]?.string), try #require(entry["code"]?.int64))
        let retryable = entry["retryable"]?.bool == true ? "yes" : "no"
        let row = "| \(code) | `\(type)` | \(retryable) | \(entry["description"]?.string ?? "") |"
        #expect(lines.contains(row), "No page has the row\n\(row)")
    }

    @Test("The tables have no method and no error that is not there")
    func noOthers() {
        #expect(lines.count { $0.hasPrefix("| -") } == ErrorKind.allCases.count)
        let sections = text.components(separatedBy: "\n# ").flatMap { $0.components(separatedBy: "\n## ") }
        let rows = sections.filter { $0.hasPrefix("Methods") }.flatMap { $0.components(separatedBy: "\n") }
            .filter { $0.hasPrefix("| `") }
        #expect(rows.count == 2 * CustomerService.description.names.count)
        for row in rows {
            #expect(CustomerService.description.names.contains(String(row.dropFirst(3).prefix { $0 != "`" })), "\(row)")
        }
    }

    @Test("Nothing but a method itself names it: what is to be known of it is declared there")
    func methodsAreDeclaredOnce() throws {
        let names = Set(CustomerService.description.names.map { Substring($0) })
        for file in try sources() {
            let text = try String(contentsOf: file, encoding: .utf8)
            let named = names.intersection(text.split(separator: "\""))
            for name in named where !text.contains("name: \"\(name)\", group:") {
                let means = Self.otherMeanings[file.lastPathComponent] ?? []
                #expect(means.contains(String(name)), "\(name) in \(file.path)")
            }
        }
    }

    /// Where the same word means something else.
    private static let otherMeanings: [String: Set<String>] = [
        // A method of the Model Context Protocol.
        "ToolServer.swift": ["ping"],
        // Examples for readers.
        "Help.swift": ["ping"], "ExportUserData.swift": ["registerUser"], "ListAuditEvents.swift": ["registerUser"],
        "PolicySchema.swift": ["getUser", "updateUser", "ensureCustomerExists"],
        // The duty that one process has at a time.
        "Reconciliation.swift": ["reconcile"], "CustomerStore+Reconcile.swift": ["reconcile"],
        // Of a call that an earlier version has noted, only its name tells what its effect was.
        "CustomerStore+IdempotentCalls.swift": ["createCustomer"],
    ]

    @Test("Every option, command and exit code is explained")
    func options() throws {
        for line in help.split(separator: "\n") {
            for word in line.split(separator: " ") where word.hasPrefix("--") {
                let option = word.prefix { $0 == "-" || $0.isLetter }
                #expect(text.contains("`\(option)"), "\(option)")
            }
        }
        for code in [ExitCode.ok, .findings, .usage, .internalError, .inputOutput, .configuration] {
            #expect(lines.contains { $0.hasPrefix("| \(code.rawValue) |") }, "\(code)")
        }
    }

    @Test("Every event of the log is explained")
    func logEvents() throws {
        let call = try Regex(#"\blog\(\s*[^"]{0,60}"([a-z_.]+)"(?: : "([a-z_.]+)")?"#)
        var events: Set<Substring> = []
        for file in try sources() {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: call) {
                events.formUnion([match.output[1].substring, match.output[2].substring].compactMap(\.self))
            }
        }
        #expect(events.count > 15)
        let unexplained = events.filter { !text.contains("`\($0)`") }
        #expect(unexplained.isEmpty, "\(unexplained.sorted())")
    }

    @Test("Tests that they name are there")
    func testNames() throws {
        let files = try FileManager.default.subpathsOfDirectory(atPath: Self.root.appending(path: "Tests").path)
        let names = Set(files.flatMap { $0.split(separator: "/").map { String($0.prefix { $0 != "." }) } })
        let suites = text.matches(of: try Regex("`([A-Za-z]+Tests)`")).compactMap { $0.output[1].substring }
        #expect(suites.count > 10)
        for suite in suites { #expect(names.contains(String(suite)), "\(suite)") }
    }

    @Test("Files and folders that they name are there")
    func fileNames() throws {
        let folders = ["Sources", "Tests", "Migrations", "schemas", ".ci"]
        let files =
            try ["Package.swift"]
            + folders.flatMap { folder in
                let path = Self.root.appending(path: folder).path
                return try [folder] + FileManager.default.subpathsOfDirectory(atPath: path).map { "\(folder)/\($0)" }
            }
        let path = #"(?:Sources|Tests|Migrations|schemas|\.ci)/[\w+./-]*"#
        let names = try Regex("`(" + path + #"|[\w+/]+\.(?:swift|sql|jsonl))[` ]"#)
        for match in text.matches(of: names) {
            let found = match.output[1].substring ?? ""
            let name = found.hasSuffix("/") ? found.dropLast() : found
            #expect(files.contains { $0 == name || $0.hasSuffix("/\(name)") }, "\(name)")
        }
    }

    @Test("Links lead to files, and each page of the guide is listed on its first one")
    func links() throws {
        let link = try Regex(#"\]\(([^):#]+)\)"#)
        for page in pages {
            let folder = Self.root.appending(path: page.path).deletingLastPathComponent()
            for match in page.text.matches(of: link) {
                let file = folder.appending(path: String(match.output[1].substring ?? "")).standardized
                #expect(FileManager.default.fileExists(atPath: file.path), "\(page.path): \(file.path)")
            }
        }
        let first = try #require(pages.first { $0.path == Self.guide + "/Documentation.md" }).text
        for page in pages.dropFirst() where page.text != first {
            let name = page.path.split(separator: "/").last ?? ""
            #expect(first.contains("](\(name))"), "Documentation.md does not list \(name)")
        }
    }

    @Test("Examples in JSON are JSON")
    func examples() throws {
        let examples = blocks("json")
        #expect(!examples.isEmpty)
        for example in examples { _ = try JSONValue(parsing: Array(example.utf8)) }
    }

    @Test(
        "The programs run as they are printed, and print a customer's id",
        arguments: [
            ("python", "example.py", "python3 example.py"), ("javascript", "example.mjs", "node example.mjs"),
            (
                "typescript", "example.mts",
                "tsc --strict --target es2022 --module nodenext example.mts && node example.mjs"
            ),
        ])
    func programs(language: String, file: String, command: String) async throws {
        #expect(text.contains("`\(command)`"))
        let clients = lines.filter { $0.hasPrefix("stripe-customers client ") }
        #expect(clients.count == 3)
        let programs = blocks(language)
        #expect(programs.count == 2, "one with the client, one without")
        for tool in ["python3", "node", "tsc"] where command.contains(tool) {
            guard try await shell("command -v \(tool)").status == .exited(0) else { return }
        }
        for program in programs {
            let directory = try TemporaryDirectory()
            try program.write(toFile: directory.file(file), atomically: true, encoding: .utf8)
            if language == "typescript" { try addNodeTypes(to: directory) }
            let output = try await shell(clients.joined(separator: "\n") + "\n" + command, in: directory)
            #expect(output.status == .exited(0), "\(output.lines) \(output.standardError)")
            #expect(output.lines.count == 1 && output.lines.first?.hasPrefix("cus_") == true, "\(output.lines)")
        }
    }

    /// Runs the commands, which find the program under its name.
    private func shell(_ commands: String, in directory: TemporaryDirectory? = nil) async throws -> Subprocess.Output {
        let folder = URL(filePath: Subprocess.binary).deletingLastPathComponent().path
        return try await Subprocess.run(
            ["-c", "set -e; PATH=\(folder):$PATH\n\(commands)"], currentDirectory: directory?.path, binary: "/bin/sh",
            timeout: .seconds(600))
    }

    /// In the place where `npm install @types/node` would put the whole.
    private func addNodeTypes(to directory: TemporaryDirectory) throws {
        let package = URL(filePath: directory.file("node_modules/@types/node"))
        try FileManager.default.createDirectory(at: package, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: Self.root.appending(path: "Tests/ClientTests/node.d.ts"), to: package.appending(path: "index.d.ts"))
    }

    /// The fenced blocks of this language on all pages.
    private func blocks(_ language: String) -> [String] {
        text.components(separatedBy: "```\(language)\n").dropFirst()
            .compactMap { $0.components(separatedBy: "\n```").first }
    }

    private func sources() throws -> [URL] {
        let folder = Self.root.appending(path: "Sources")
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        return files.filter { $0.hasSuffix(".swift") }.map { folder.appending(path: $0) }
    }
}
