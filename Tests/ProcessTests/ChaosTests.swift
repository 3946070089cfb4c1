import Glibc
import JSON
import SQLite
import Synchronization
import TestSupport
import Testing

/// Four processes on one database, a Stripe that fails in every way, and a kill every 50 to 400 ms.
///
/// `CHAOS_SECONDS` (20) and `CHAOS_SEED` (random) come from the environment; the seed is printed, though what the
/// operating system schedules it does not decide.
@Suite("Chaos")
struct ChaosTests {
    @Test("One customer per user and no lost change", .timeLimit(.minutes(20)))
    func chaos() async throws {
        let seed = variable("CHAOS_SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64(UInt32.max))
        let seconds = variable("CHAOS_SECONDS").flatMap { Int($0) } ?? 20
        print("CHAOS_SEED=\(seed) CHAOS_SECONDS=\(seconds)")
        let directory = try TemporaryDirectory()
        var options = FaultyStripe.Options()
        options.latencyMilliseconds = 15
        let random = Mutex(SplitMix(seed: seed))
        // One request in five fails, a stalled one less often, since it costs seconds.
        let stripe = try FaultyStripe(options: options) { _ in
            random.withLock { random in
                guard Int.random(in: 0..<100, using: &random) < 20 else { return nil }
                let fault = FaultyStripe.Fault.allCases.randomElement(using: &random)
                return fault == .executedThenStalled && Int.random(in: 0..<4, using: &random) > 0 ? nil : fault
            }
        }
        let host = FaultyHost(database: directory.file("test.sqlite"), stripe: stripe)
        try await host.run([])

        let ledger = Ledger(seconds: seconds)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<4 {
                group.addTask {
                    var driver = Driver(
                        lane: lane, host: host, ledger: ledger, random: SplitMix(seed: seed &+ UInt64(lane)))
                    try await driver.run()
                }
            }
            group.addTask { try await killing(ledger, SplitMix(seed: seed &+ 99)) }
            try await group.waitForAll()
        }

        // From here on Stripe is well, and one process drains what is left.
        stripe.script { _ in nil }
        for _ in 0..<40 where try host.backlog() > 0 { try await host.run([], timeout: .seconds(300)) }
        try await verify(host, ledger, seconds)
    }

    private func killing(_ ledger: Ledger, _ random: SplitMix) async throws {
        var random = random
        while !ledger.isOver {
            try await Task.sleep(for: .milliseconds(Int.random(in: 50...400, using: &random)))
            ledger.killOne(Int.random(in: 0..<4, using: &random))
        }
    }

    private func verify(_ host: FaultyHost, _ ledger: Ledger, _ seconds: Int) async throws {
        let live = try await host.stripe.liveCustomers()
        var duplicates: [String] = []
        var lost: [String] = []
        for row in try host.sql("SELECT id, email, name, phone, stripe_customer_id FROM users") {
            let id = row.text(0) ?? ""
            let customers = live[id] ?? []
            if customers.count > 1 { duplicates.append(id) }
            guard let customer = customers.first, customers.count == 1 else {
                lost.append("\(id) has \(customers.count) live customers")
                continue
            }
            if customer["id"]?.string != row.text(4) { lost.append("\(id) is linked to \(row.text(4) ?? "none")") }
            for (index, name) in ["email", "name", "phone"].enumerated()
            where customer[name]?.string != row.text(index + 1) {
                lost.append(
                    "\(name) of \(id): \(row.text(index + 1) ?? "-") here, \(customer[name]?.string ?? "-") there")
            }
            lost += ledger.contradictions(id, name: row.text(2))
        }
        let users = Set(try host.sql("SELECT id FROM users").compactMap { $0.text(0) })
        lost += ledger.existing.subtracting(users).map { "\($0) was acknowledged and is gone" }
        lost += live.keys.filter { !users.contains($0) }.map { "an orphan of \($0)" }

        let figures = host.stripe.watch.figures
        let counts = ledger.counts
        let kinds = Dictionary(grouping: figures.violations) { $0.hasPrefix("two") ? "overlapping" : "keys" }
        print(
            """
            chaos: \(seconds) s, \(counts.kills) kills, \(counts.calls) calls, \(counts.acknowledged) acknowledged, \
            \(users.count) users, \(figures.requests) requests to Stripe, \(figures.faults) faults, \
            \(figures.created) customers made, \(duplicates.count) duplicates, \(lost.count) lost, \
            \(kinds["keys"]?.count ?? 0) creates without or with a wrong key, \
            \(kinds["overlapping"]?.count ?? 0) overlapping mutations
            """)
        #expect(duplicates == [])
        #expect(lost == [])
        #expect(figures.violations == [])
        #expect(try host.backlog() == 0)
        #expect(counts.kills > seconds && counts.acknowledged > seconds)
    }
}

/// What the host was told, and what it can't know because a process was killed before it answered.
private final class Ledger: Sendable {
    struct Counts: Sendable {
        var kills = 0
        var calls = 0
        var acknowledged = 0
    }

    private struct State {
        var counts = Counts()
        var processes: [Int: Subprocess] = [:]
        /// Names that the user may have, in the order of sending: the acknowledged one and those sent since.
        var names: [String: [String]] = [:]
        /// Users that must be there.
        var existing: Set<String> = []
        /// The last deletion that was asked for, by user.
        var deletions: [String: Int] = [:]
    }

    private let state = Mutex(State())
    private let seconds: Int
    private let began = ContinuousClock.now

    init(seconds: Int) { self.seconds = seconds }

    /// The time is up, and enough has happened in it: a busy machine gets up to five minutes more.
    var isOver: Bool {
        let took = ContinuousClock.now - began
        let counts = counts
        let isEnough = counts.kills > seconds && counts.acknowledged > seconds
        return took >= .seconds(seconds) && (isEnough || took >= .seconds(seconds + 300))
    }

    var counts: Counts { state.withLock { $0.counts } }
    var existing: Set<String> { state.withLock { $0.existing } }

    func runs(_ process: Subprocess, in lane: Int) { state.withLock { $0.processes[lane] = process } }

    func killOne(_ lane: Int) {
        state.withLock { state in
            guard let process = state.processes.removeValue(forKey: lane) else { return }
            process.kill(SIGKILL)
            state.counts.kills += 1
        }
    }

    func sending(_ call: Driver.Call) {
        state.withLock { state in
            state.counts.calls += 1
            if let name = call.name { state.names[call.userId, default: []].append(name) }
            if call.method == "deleteUser" {
                state.existing.remove(call.userId)
                state.deletions[call.userId] = call.serial
            }
        }
    }

    func acknowledged(_ call: Driver.Call) {
        state.withLock { state in
            state.counts.acknowledged += 1
            // Calls for one user are carried out in order: what was sent before is over.
            if let name = call.name, let index = state.names[call.userId]?.firstIndex(of: name) {
                state.names[call.userId]?.removeFirst(index)
            }
            let isLater = call.serial > state.deletions[call.userId] ?? 0
            if call.method == "registerUser", isLater { state.existing.insert(call.userId) }
        }
    }

    func contradictions(_ userId: String, name: String?) -> [String] {
        let possible = state.withLock { $0.names[userId] } ?? []
        return possible.contains(name ?? "")
            ? [] : ["the name of \(userId) is \(name ?? "-"), not \(possible)"]
    }
}

/// One host's loop: keeps one process alive and several calls under way. Profiles are written by the lane that owns the
/// user, so that their order is known; every lane makes sure of everybody's customers.
private struct Driver {
    struct Call: Sendable {
        var method: String
        var userId: String
        var name: String?
        var params: JSONObject
        var serial = 0
    }

    let lane: Int
    let host: FaultyHost
    let ledger: Ledger
    var random: SplitMix
    private var serial = 0

    private static let usersPerLane = 15

    init(lane: Int, host: FaultyHost, ledger: Ledger, random: SplitMix) {
        self.lane = lane
        self.host = host
        self.ledger = ledger
        self.random = random
    }

    mutating func run() async throws {
        while !ledger.isOver {
            let process = try host.spawn()
            ledger.runs(process, in: lane)
            try await drive(process)
        }
    }

    /// Keeps a window of calls under way until the process ends or the time is up.
    private mutating func drive(_ process: Subprocess) async throws {
        var underWay: [Int: Call] = [:]
        while true {
            let isOver = ledger.isOver
            if isOver { process.closeInput() }
            while !isOver, underWay.count < 12 {
                serial += 1
                var call = nextCall()
                call.serial = serial
                ledger.sending(call)
                do { try await process.write(request(serial, call.method, call.params)) } catch { break }
                underWay[serial] = call
            }
            guard let line = try await process.readLine() else { return }
            let answer = try JSONValue(parsing: Array(line.utf8))
            guard let id = answer["id"]?.int64, let call = underWay.removeValue(forKey: Int(id)) else { continue }
            if answer["result"] != nil { ledger.acknowledged(call) }
        }
    }

    private mutating func nextCall() -> Call {
        let own = "u\(lane)_\(Int.random(in: 0..<Self.usersPerLane, using: &random))"
        let anybody =
            "u\(Int.random(in: 0..<4, using: &random))_\(Int.random(in: 0..<Self.usersPerLane, using: &random))"
        let name = "N\(lane).\(serial)"
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<20:
            let email = own + "@example.com"
            return Call(
                method: "registerUser", userId: own, name: name,
                params: ["userId": .string(own), "email": .string(email), "name": .string(name)])
        case 20..<60:
            var params: JSONObject = ["userId": .string(own), "name": .string(name)]
            params["phone"] = .string("+\(serial)")
            return Call(method: "updateUser", userId: own, name: name, params: params)
        case 60..<75:
            return Call(method: "ensureCustomerExists", userId: anybody, params: ["userId": .string(anybody)])
        case 75..<95:
            return Call(method: "syncCustomerWithUser", userId: anybody, params: ["userId": .string(anybody)])
        default: return Call(method: "deleteUser", userId: own, params: ["userId": .string(own)])
        }
    }
}

private struct SplitMix: RandomNumberGenerator, Sendable {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

private func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
