import CustomerStore
import Environment
import SQLiteStore
import Synchronization
import TestSupport
import Testing

/// Its steady clock and its time of day are moved by hand, each for itself.
private final class HandClock: WallClock {
    private let time: Atomic<Milliseconds>
    private let moment: Atomic<Milliseconds>

    init(now: Milliseconds = someTime, steady: Milliseconds = 1_000) {
        time = Atomic(now)
        moment = Atomic(steady)
    }

    func now() -> Milliseconds { time.load(ordering: .relaxed) }
    func steady() -> Milliseconds { moment.load(ordering: .relaxed) }
    func sleep(_ duration: Milliseconds) async { pass(duration) }
    func pass(_ duration: Milliseconds) { moment.add(duration, ordering: .relaxed) }
}

private func watch(_ clock: HandClock) -> ProcessWatch { ProcessWatch(clock: clock, isGone: { $0 == "gone" }) }

@Suite("Which processes live")
struct ProcessWatchTests {
    private let duration = CustomerStore.leaseDuration

    @Test("Who shows no new beat for the lease's time is dead, whatever time its beat names")
    func silence() {
        let clock = HandClock()
        let watch = watch(clock)
        func dead(_ beat: Int64, _ time: Int64) -> Bool {
            !watch.dead(among: [.init(owner: "other", beat: [beat, time], place: nil)]).isEmpty
        }
        #expect(!dead(1, 0))
        clock.pass(duration - 1)
        #expect(!dead(1, 0))
        // A process of an older version has no beat but a time, which it moves.
        #expect(!dead(1, .max))
        clock.pass(duration - 1)
        #expect(!dead(2, .max))
        clock.pass(duration)
        #expect(dead(2, .max))
        #expect(!dead(3, .min))
        // It was not there for a while: nobody has watched it.
        #expect(watch.dead(among: []).isEmpty)
        clock.pass(duration)
        #expect(!dead(3, .min))
    }

    @Test("Who is gone from the machine is dead once what it sent last has arrived, who may run elsewhere is not")
    func gone() {
        let clock = HandClock()
        let watch = watch(clock)
        let all = ["gone", "here", nil].map { place in
            ProcessWatch.Sighting(owner: place ?? "unknown", beat: [1, 1], place: place)
        }
        #expect(watch.dead(among: all).isEmpty)
        clock.pass(ProcessWatch.arrival - 1)
        #expect(watch.dead(among: all).isEmpty)
        clock.pass(1)
        #expect(watch.dead(among: all) == ["gone"])
    }

    @Test("The owner knows before anybody else that its leases have run out, and never again believes in them")
    func lapse() {
        let clock = HandClock()
        let watch = watch(clock)
        let first = watch.beginRenewal()
        #expect(first.isFirst && !watch.stands(first.owner))
        clock.pass(100)
        watch.finish(first)
        #expect(watch.stands(first.owner))
        clock.pass(2_000)
        let second = watch.beginRenewal()
        #expect(!second.isFirst && second.owner == first.owner)
        watch.finish(second)
        clock.pass(duration - 1_001)
        #expect(watch.stands(first.owner))
        clock.pass(1)
        #expect(!watch.stands(first.owner))
        let third = watch.beginRenewal()
        watch.finish(third)
        #expect(third.isFirst && third.owner != first.owner)
        #expect(watch.stands(third.owner) && !watch.stands(first.owner))
    }

    @Test("A place that makes no sense is not taken for a process", arguments: ["", "a b", "a b 0", "a b -1", "a b c"])
    func places(place: String) {
        #expect(ProcessWatch().dead(among: [.init(owner: "other", beat: [1, 1], place: place)]).isEmpty)
    }
}

@Suite("Leases of processes whose clocks differ")
struct LeaseTests {
    private let file: StoreFile
    private let clocks = [HandClock(), HandClock(now: someTime - 30_000, steady: 3_600_000)]

    init() throws { file = try StoreFile() }

    private func stores() async throws -> [CustomerStore] {
        var stores: [CustomerStore] = []
        for clock in clocks {
            stores.append(try CustomerStore(path: file.path, watch: ProcessWatch(clock: clock, isGone: { _ in false })))
            try await stores[stores.count - 1].renewLeases()
        }
        return stores
    }

    private func pass(_ duration: Milliseconds) { for clock in clocks { clock.pass(duration) } }

    @Test(
        "A living owner keeps its lease, whatever times the rows hold",
        arguments: [nil, "expires_at = 0", "expires_at = -9223372036854775808", "expires_at = 9223372036854775807"])
    func living(meddling: String?) async throws {
        let stores = try await stores()
        #expect(try await stores[0].lease(.user("ada")))
        let fence = stores[0].leaseFence()
        for _ in 0..<10 {
            if let meddling { try file.execute("UPDATE processes SET \(meddling)") }
            pass(2_000)
            try await stores[0].renewLeases()
            try await stores[1].renewLeases()
            try await stores[1].watchProcesses()
            #expect(try await !stores[1].lease(.user("ada")))
            #expect(fence())
        }
        try await stores[0].release(.user("ada"))
        #expect(try await stores[1].lease(.user("ada")))
    }

    @Test(
        "A dead owner's lease is free when the other has seen nothing of it for its time, whatever times the rows hold",
        arguments: [nil, "expires_at = 9223372036854775807", "beat = 5, place = 'x'"])
    func dead(meddling: String?) async throws {
        let stores = try await stores()
        #expect(try await stores[0].lease(.user("ada")))
        let fence = stores[0].leaseFence()
        if let meddling { try file.execute("UPDATE processes SET \(meddling)") }
        try await stores[1].renewLeases()
        pass(CustomerStore.leaseDuration - 1)
        try await stores[1].watchProcesses()
        #expect(try await !stores[1].lease(.user("ada")))
        pass(1)
        try await stores[1].watchProcesses()
        #expect(try await stores[1].lease(.user("ada")))

        // It was only asleep. What it began before is undone for good, what it begins now is not.
        try await stores[0].renewLeases()
        #expect(!fence())
        #expect(try await !stores[0].lease(.user("ada")))
        #expect(try await stores[0].lease(.user("bob")))
        #expect(stores[0].leaseFence()())
    }

    @Test("Who was taken for dead too early knows it with its next renewal")
    func buried() async throws {
        let stores = try await stores()
        #expect(try await stores[0].lease(.user("ada")))
        let fence = stores[0].leaseFence()
        try file.execute("DELETE FROM processes")
        try await stores[0].renewLeases()
        #expect(!fence())
        #expect(try file.rows("SELECT 1 FROM leases") == [])
    }

    @Test("What a process that was killed held is free on the same machine once what it sent last has arrived")
    func killed() async throws {
        let child = try Subprocess(["--database", file.path, "--sandbox"])
        try await until("the process is at work") { (try? self.file.rows("SELECT 1 FROM processes"))?.count == 1 }
        try file.execute("INSERT INTO leases SELECT 'user:ada', owner FROM processes")
        let store = try file.store()
        try await store.renewLeases()
        #expect(try await !store.lease(.user("ada")))
        child.kill(9)
        _ = try await child.wait()
        try await store.watchProcesses()
        #expect(try await !store.lease(.user("ada")))
        try await until("the lease is free") {
            try await store.watchProcesses()
            return try await store.lease(.user("ada"))
        }
    }
}
