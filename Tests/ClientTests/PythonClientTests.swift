import JSON
import TestSupport
import Testing

extension ClientTests {
    @Suite("The client for Python", .enabled(if: Interpreter.python != nil, "needs python3"))
    struct PythonClientTests {
        @Test(
            "It keeps its promises in the real interpreter",
            arguments: [
                "calls", "errors", "a_thousand_threads_calls", "a_thousand_tasks_calls", "a_large_answer",
                "a_kill_in_mid_call", "a_retry", "a_timeout", "a_cancel", "a_budget", "a_failed_start", "a_log",
                "a_fork", "a_fork_during_the_start", "what_is_left_out", "a_body_of_bytes", "preforked_workers",
                "two_clients", "what_cannot_be_sent", "python_3_9", "a_deaf_process",
                "an_exit_with_calls_pending", "a_killed_host", "an_interrupt", "a_timeout_of_a_deaf_process",
                "an_exception_in_mid_write", "calls_from_callbacks", "failing_callbacks", "garbage",
                "a_dropped_client",
            ])
        func behaves(named name: String) async throws {
            let python = try #require(Interpreter.python)
            let directory = try await Interpreter.directory(client: "python", as: "stripe_customers.py")
            let output = try await Interpreter.run(
                python, ["-W", "error", Interpreter.folder + "/python_cases.py", name], in: directory)
            #expect(output.status == .exited(0), "\(output.standardError)")
        }

        @Test("A Flask app registers a user, shows the customer and refuses what is not signed")
        func flask() async throws {
            let python = try #require(Interpreter.python)
            let directory = try await Interpreter.directory(client: "python", as: "stripe_customers.py")
            guard try await Interpreter.run(python, ["-c", "import flask"], in: directory).status == .exited(0) else {
                return print("skipped: Flask is not installed (see .ci/setup)")
            }
            let app = try Subprocess(
                [Interpreter.folder + "/flask_app.py"],
                environment: ["PYTHONPATH": directory.path, "STRIPE_CUSTOMERS_BINARY": Subprocess.binary],
                currentDirectory: directory.path, binary: python)
            let site = try await expectWebsite(of: app)
            let post = ["-o", "/dev/null", "-w", "%{http_code}", "-d", "{}", site + "/stripe"]
            #expect(try await curl(post) == 400)
            #expect(try await curl(post + ["-H", "Stripe-Signature: t=1,v1=00"]) == 400)
        }
    }
}
