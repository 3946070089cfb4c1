import TestSupport
import Testing

extension ClientTests {
    @Suite(
        "The client for TypeScript", .enabled(if: Interpreter.typeScript != nil, "needs tsc (Debian: node-typescript)"))
    struct TypeScriptClientTests {
        private static let strictest = [
            "--strict", "--noImplicitReturns", "--noUnusedLocals", "--noUncheckedIndexedAccess",
            "--exactOptionalPropertyTypes", "--noPropertyAccessFromIndexSignature", "--target", "ES2022",
            "--module", "ES2022", "--moduleResolution", "node",
        ]

        /// `usage.ts` has an error on purpose below each `@ts-expect-error`; one that the compiler doesn't find is an error.
        @Test("It passes the strictest checks, and a wrong field, value or method does not")
        func types() async throws {
            let compiler = try #require(Interpreter.typeScript)
            let directory = try await Interpreter.directory(client: "typescript", as: "stripe-customers.ts")
            for name in ["usage.ts", "node.d.ts"] {
                let file = try await Subprocess.run([Interpreter.folder + "/" + name], binary: "/bin/cat")
                try Interpreter.write(file.lines.joined(separator: "\n"), to: directory.file(name))
            }
            let output = try await Interpreter.run(
                compiler, Self.strictest + ["--outDir", "out", "usage.ts", "node.d.ts"], in: directory)
            #expect(output.status == .exited(0), "\(output.lines.joined(separator: "\n"))")
        }

        @Test("What the compiler makes of it runs", .enabled(if: Interpreter.node != nil, "needs Node 18 or later"))
        func compiled() async throws {
            let compiler = try #require(Interpreter.typeScript)
            let node = try #require(Interpreter.node)
            let directory = try await Interpreter.directory(client: "typescript", as: "stripe-customers.mts")
            let types = try await Subprocess.run([Interpreter.folder + "/node.d.ts"], binary: "/bin/cat")
            try Interpreter.write(types.lines.joined(separator: "\n"), to: directory.file("node.d.ts"))
            let output = try await Interpreter.run(
                compiler, Self.strictest + ["stripe-customers.mts", "node.d.ts"], in: directory)
            #expect(output.status == .exited(0), "\(output.lines.joined(separator: "\n"))")
            do {
                let run = try await Interpreter.run(
                    node, [Interpreter.folder + "/node_cases.mjs", "calls"], in: directory)
                #expect(run.status == .exited(0), "\(run.standardError)")
            }
        }
    }
}
