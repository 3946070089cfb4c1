import TestSupport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Runs a script of this folder beside a generated client, in the real interpreter.
enum Interpreter {
    /// Where the scripts are.
    static let folder = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        .dropLast().joined(separator: "/")

    /// The root of the package.
    static let root = folder.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/")

    /// The Python of `.build/venv` if there is one, since it has the packages that the tests need.
    static let python: String? = [root + "/.build/venv/bin/python3"].first(where: isExecutable) ?? inPath("python3")
    static let node: String? = inPath("node")
    static let typeScript: String? = inPath("tsc")

    /// The first file of this name in the folders of PATH.
    static func inPath(_ name: String) -> String? {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        return path.split(separator: ":").map { "\($0)/\(name)" }.first(where: isExecutable)
    }

    private static func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

    /// A directory with the client of the language in a file of this name.
    static func directory(client language: String, as name: String) async throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let client = try await Subprocess.run(["client", language])
        try write(client.lines.joined(separator: "\n") + "\n", to: directory.file(name))
        return directory
    }

    static func write(_ text: String, to path: String) throws {
        guard let file = fopen(path, "w") else { throw NoFile(path: path) }
        fwrite(text, 1, text.utf8.count, file)
        fclose(file)
    }

    struct NoFile: Error { let path: String }

    /// Runs the interpreter in the directory, to its end.
    static func run(
        _ interpreter: String, _ arguments: [String], in directory: TemporaryDirectory
    ) async throws -> Subprocess.Output {
        try await Subprocess.run(
            arguments,
            environment: [
                "PYTHONPATH": directory.path, "STRIPE_CUSTOMERS_BINARY": Subprocess.binary, "LANG": "C.UTF-8",
            ],
            currentDirectory: directory.path, binary: interpreter, timeout: .seconds(600))
    }
}
