import TestSupport
import Testing

extension ClientTests {
    @Suite("The client for Node", .enabled(if: Interpreter.node != nil, "needs Node 18 or later"))
    struct NodeClientTests {
        @Test(
            "It keeps its promises in the real interpreter",
            arguments: [
                "calls", "errors", "options", "whatIsLeftOut", "bodyOfBytes", "minified", "thousandCalls",
                "largeAnswer",
                "killInMidCall", "callToADeadProcess", "retry",
                "timeout", "cancel", "twoClients", "whatCannotBeSent", "workers", "interrupt", "budget", "failedStart",
                "log", "garbage", "deafProcess", "idleExit", "exitWithCallsPending",
                "pendingCallHoldsTheProgram", "droppedClient",
            ])
        func behaves(named name: String) async throws {
            let node = try #require(Interpreter.node)
            let directory = try await Interpreter.directory(client: "node", as: "stripe-customers.mjs")
            let output = try await Interpreter.run(node, [Interpreter.folder + "/node_cases.mjs", name], in: directory)
            #expect(output.status == .exited(0), "\(output.standardError)")
        }

        @Test("A plain HTTP server registers a user and shows the customer")
        func httpServer() async throws {
            let node = try #require(Interpreter.node)
            let directory = try await Interpreter.directory(client: "node", as: "stripe-customers.mjs")
            // An ES module is looked for beside the file that imports it.
            let copy = try await Subprocess.run([Interpreter.folder + "/node_app.mjs"], binary: "/bin/cat")
            try Interpreter.write(copy.lines.joined(separator: "\n"), to: directory.file("node_app.mjs"))
            let app = try Subprocess(
                [directory.file("node_app.mjs")], environment: ["STRIPE_CUSTOMERS_BINARY": Subprocess.binary],
                currentDirectory: directory.path, binary: node)
            try await expectWebsite(of: app)
        }
    }
}
