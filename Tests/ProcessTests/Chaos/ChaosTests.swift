import JSON
import SQLite
import Synchronization
import TestSupport
import Testing

/// Four processes on one database, beside another application on the same account; a Stripe that fails in every way; and
/// everything that hosts, machines and operators do to them. `ChaosSettings` says how to run it by hand.
@Suite("Chaos")
struct ChaosTests {
    @Test("One customer per user, no lost change, nobody else's touched", .timeLimit(.minutes(120)))
    func chaos() async throws {
        let run = try ChaosRun(ChaosSettings())
        let settings = run.settings
        print(
            "CHAOS_SEED=\(settings.seed) CHAOS_SECONDS=\(settings.seconds) CHAOS_UNNAMED=\(settings.isUnnamed ? 1 : 0)",
            "actors: \(settings.actors.map(\.rawValue).sorted().joined(separator: ","))")
        let stranger = Stranger(run)
        try await begin(run)
        try await disturb(run, stranger)
        var users = 0
        do {
            try await settle(run)
            users = try await judge(run)
            for loss in try await stranger.losses() { run.watch.report(loss, of: nil) }
        } catch {
            run.watch.report("the end: \(error)", of: nil)
        }
        for text in run.stripe.watch.violations { run.watch.report(text, of: nil) }
        let report = ChaosReport(run, users: users)
        print(report.figures)
        if !run.watch.violations.isEmpty { try report.leave() }
        #expect(run.watch.violations.map(\.text) == [])
        let counts = run.counts.withLock { $0 }
        #expect(counts.kills > settings.seconds || !settings.has(.kills))
        #expect(counts.acknowledged > settings.seconds)
    }

    private func begin(_ run: ChaosRun) async throws {
        let outages = Weather.outages(run.settings)
        run.stripe.script { request in
            let fault = run.weather.current ?? outages()
            run.watch.arrived(request, meeting: fault)
            return fault
        }
        run.stripe.observe { request, stage in
            if stage == .executed { run.watch.executed(request) }
            return true
        }
        for application in run.applications {
            try await application.host.run([], apiKey: application.apiKey(lane: 9, number: 0))
        }
        run.start()
    }

    private func disturb(_ run: ChaosRun, _ stranger: Stranger) async throws {
        let disturbers: [(ChaosSettings.Actor, @Sendable () async throws -> Void)] = [
            (.kills, { try await Killer(run: run).work() }), (.stops, { try await Stopper(run: run).work() }),
            (.clockSteps, { try await ClockSteps(run: run).work() }),
            (.operatorFaults, { try await run.weather.change(run) }),
            (.stranger, { try await stranger.work() }), (.refusals, { try await Refusals(run: run).work() }),
            (.webhooks, { try await Postman(run: run).work() }),
        ]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for application in run.applications {
                for number in 0..<application.lanes {
                    group.addTask {
                        var lane = Lane(run, application, number)
                        try await lane.work()
                    }
                }
            }
            for (actor, work) in disturbers where run.settings.has(actor) { group.addTask { try await work() } }
            try await group.waitForAll()
        }
    }

    /// From here on Stripe is well, and one process of each application drains what is left.
    private func settle(_ run: ChaosRun) async throws {
        run.stripe.script { request in
            run.watch.arrived(request, meeting: nil)
            return nil
        }
        run.history.note("all is well from now on", of: nil)
        for application in run.applications { try await drain(application) }
        guard run.settings.has(.refusedPhones) else { return }
        for application in run.applications {
            // All but the number must have reached Stripe by now.
            var verdict = try await Verdict(run, application)
            try verdict.give(refused: true)
            for row in try application.host.sql("SELECT id, name FROM users WHERE phone LIKE '%ext%'") {
                let (id, name) = (row.text(0) ?? "", row.text(1) ?? "")
                guard let stamp = run.values.stamp(name, in: application.name) else { continue }
                let phone = "+9\(stamp.serial)"
                run.values.give(phone, to: stamp.life, serial: stamp.serial)
                run.history.note("the phone is put right: \(phone)", of: stamp.life.person)
                try application.host.sql("UPDATE users SET phone = ? WHERE id = ?", [.text(phone), .text(id)])
            }
            try await drain(application)
        }
    }

    /// Some of what is queued waits for its time. Lane 9 is nobody's: it stands for the process that drains.
    private func drain(_ application: Application) async throws {
        for attempt in 0..<40 {
            try await application.host.run(
                [], apiKey: application.apiKey(lane: 9, number: attempt), timeout: .seconds(300))
            if try application.host.backlog() == 0 { return }
            // Longer than a killed process's lease, and as long as the first steps of a backoff.
            if attempt > 3 { try await Task.sleep(for: .seconds(2)) }
        }
    }

    private func judge(_ run: ChaosRun) async throws -> Int {
        var users = 0
        for application in run.applications {
            var verdict = try await Verdict(run, application)
            try verdict.give(refused: false)
            users += verdict.users
        }
        return users
    }
}
