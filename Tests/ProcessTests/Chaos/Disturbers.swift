import TestSupport

/// Kills processes with SIGKILL, whatever they are at.
struct Killer: Sendable {
    let run: ChaosRun

    func work() async throws {
        var random = run.settings.random(99)
        while !run.isOver {
            // In a long run with calm stretches, in which a process lives long enough for its later steps.
            let isCalm = run.settings.seconds > 60 && random.isOne(in: 20)
            try await run.pause(isCalm ? 5000...15000 : 50...400, &random)
            guard let application = run.applications.randomElement(using: &random) else { return }
            let lane = Int.random(in: 0..<application.lanes, using: &random)
            // A stopped one is mostly left to wake up.
            if application.kill(lane: lane, evenIfStopped: random.isOne(in: 10)) {
                run.count(\.kills)
                run.history.note("killed: \(application.name).\(lane)", of: nil)
            }
        }
    }
}

/// Stops a process with SIGSTOP for longer than its leases live, and lets it go on: a machine that was suspended.
struct Stopper: Sendable {
    let run: ChaosRun

    func work() async throws {
        var random = run.settings.random(98)
        while !run.isOver {
            try await run.pause(500...2000, &random)
            guard let application = run.applications.randomElement(using: &random) else { return }
            let lane = Int.random(in: 0..<application.lanes, using: &random)
            guard let process = application.stop(lane: lane) else { continue }
            run.count(\.stops)
            run.history.note("stopped: \(application.name).\(lane)", of: nil)
            // A lease outlives its owner by 10 seconds at most.
            try await run.pause(9_000...13_000, &random)
            run.history.note("goes on: \(application.name).\(lane)", of: nil)
            application.resume(process, in: lane)
        }
    }
}
