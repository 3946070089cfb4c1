import Foundation
import TestSupport
import Testing

/// What an operator reads when a path that was given is wrong.
@Suite("Files that can't be opened")
struct OpeningProcessTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private var contents: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() }
    }

    @Test(
        "The complaint names the path and what is wrong with it",
        arguments: [
            (["migrate"], "nodir/x.sqlite", "the directory DIR/nodir does not exist"),
            (["migrate", "--dry-run"], "nodir/x.sqlite", "the directory DIR/nodir does not exist"),
            (["serve", "--sandbox"], "nodir/x.sqlite", "the directory DIR/nodir does not exist"),
            (["migrate"], "folder", "it is a directory"),
            (["migrate"], "text/x.sqlite", "DIR/text is not a directory"),
            (["migrate"], "text", "file is not a database"),
        ])
    func database(command: [String], name: String, reason: String) async throws {
        try FileManager.default.createDirectory(atPath: directory.file("folder"), withIntermediateDirectories: false)
        try Data("no database, whatever its name says".utf8).write(to: URL(filePath: directory.file("text")))
        let before = try contents
        let path = directory.file(name)
        let output = try await Subprocess.run(command + ["--database", path])
        #expect(output.status == .exited(74))
        // With --sandbox it is the sandbox's state beside the database that can't be opened first.
        let complaint = output.standardError
        #expect(complaint.hasPrefix("stripe-customers: can't open ") && complaint.contains(path))
        #expect(complaint.hasSuffix(": \(reason.replacing("DIR", with: directory.path))\n"))
        #expect(try contents == before)
    }

    /// The superuser may write everywhere.
    @Test("So it is with a directory and with a file that may not be written", .enabled(if: geteuid() != 0))
    func permissions() async throws {
        let (folder, path) = (directory.file("folder"), directory.file("folder/x.sqlite"))
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        func migrate() async throws -> String {
            let output = try await Subprocess.run(["migrate", "--database", path])
            #expect(output.status == .exited(74))
            return output.standardError
        }
        #expect(chmod(folder, 0o500) == 0)
        defer { chmod(folder, 0o700) }
        #expect(try await migrate().contains("the directory \(folder) can't be written: Permission denied"))
        #expect(chmod(folder, 0o700) == 0)
        _ = try await Subprocess.run(["migrate", "--database", path])
        #expect(chmod(path, 0o400) == 0)
        #expect(try await migrate().contains("can't open \(path): it can't be read and written: Permission denied"))
    }

    @Test("The sandbox's state, the key's file and the policy are named too")
    func others() async throws {
        let (database, folder) = (directory.file("x.sqlite"), directory.file("x.sqlite.sandbox"))
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        let sandbox = try await Subprocess.run(["--sandbox", "--database", database])
        #expect(sandbox.status == .exited(74))
        #expect(sandbox.standardError.contains("can't open the sandbox's state \(folder): it is a directory"))
        for option in ["--api-key-file", "--policy"] {
            for (path, reason) in [("nowhere", "No such file or directory"), ("x.sqlite.sandbox", "Is a directory")] {
                let file = directory.file(path)
                let output = try await Subprocess.run(
                    [option, file, "--database", ":memory:"],
                    environment: option == "--policy" ? ["STRIPE_API_KEY": "sk_test_1"] : [:])
                #expect(output.status == .exited(78))
                #expect(output.standardError.contains("can't read the file of \(option), \(file): \(reason)"))
            }
        }
    }

    @Test(
        "sync and reconcile do not make a database where the path is mistyped",
        arguments: [["sync"], ["sync", "--dry-run"], ["reconcile"], ["reconcile", "--fix"]])
    func missing(command: [String]) async throws {
        let path = directory.file("mistyped.sqlite")
        let output = try await Subprocess.run(command + ["--sandbox", "--database", path])
        #expect(output.status == .exited(78))
        #expect(output.standardError.contains("there is no database at \(path); migrate or serve makes one"))
        #expect(output.lines.isEmpty)
        #expect(try contents.isEmpty)
    }
}
