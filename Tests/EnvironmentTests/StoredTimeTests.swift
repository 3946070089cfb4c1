import Environment
import Testing

private let now: Milliseconds = 1_800_000_000_000
private let hour: Milliseconds = 3_600_000
private let longest: Milliseconds = 60_100

private let waits: [(Milliseconds, Milliseconds)] = [
    (now - hour, 0), (now - 1, 0), (now, 0), (now + 1, 1), (now + longest, longest), (now + longest + 1, 0),
    (now + hour, 0), (.max, 0), (.min, 0), (0, 0), (-1, 0),
]

private let knownAges: [(Milliseconds, Milliseconds?)] = [
    (now - hour, hour), (now - 1, 1), (now, 0), (now + 1, 0), (now + 60_000, 0), (now + 60_001, nil),
    (now + hour, nil), (.max, nil), (0, now), (-1, now + 1), (.min, .max),
]

private struct Sum: Sendable {
    var (a, b): (Int64, Int64)
    var (sum, difference, product): (Int64, Int64, Int64)
}

private let sums: [Sum] = [
    Sum(a: 2, b: 3, sum: 5, difference: -1, product: 6),
    Sum(a: .max, b: 1, sum: .max, difference: .max - 1, product: .max),
    Sum(a: .min, b: 1, sum: .min + 1, difference: .min, product: .min),
    Sum(a: .min, b: -1, sum: .min, difference: .min + 1, product: .max),
    Sum(a: .max, b: -1, sum: .max - 1, difference: .max, product: .min + 1),
    Sum(a: .max, b: .max, sum: .max, difference: 0, product: .max),
    Sum(a: .max, b: .min, sum: -1, difference: .max, product: .min),
    Sum(a: 0, b: .min, sum: .min, difference: .max, product: 0),
]

@Suite("How long a stored time is believed")
struct StoredTimeTests {
    @Test(
        "A time to wait for is waited for, unless it lies further ahead than it can have been meant", arguments: waits)
    func waiting(time: Milliseconds, wait: Milliseconds) {
        #expect(StoredTime.wait(until: time, at: now, ahead: longest) == wait)
    }

    @Test("What happened has an age, unless it lies further ahead than clocks are apart", arguments: knownAges)
    func ages(time: Milliseconds, age: Milliseconds?) {
        #expect(StoredTime.age(of: time, at: now) == age)
        #expect(StoredTime.isBelieved(time, at: now) == (age != nil))
    }

    @Test("No clock makes it overflow", arguments: [.min, -1, 0, 1, now, .max] as [Milliseconds])
    func anyClock(clock: Milliseconds) {
        for time: Milliseconds in [.min, -1, 0, 1, now, .max] {
            #expect(StoredTime.wait(until: time, at: clock, ahead: longest) <= longest)
            #expect(StoredTime.age(of: time, at: clock) ?? 0 >= 0)
            _ = StoredTime.wait(until: time, at: clock, ahead: .max)
        }
    }

    @Test("A result that does not fit is the nearest number that does", arguments: sums)
    private func saturation(_ table: Sum) {
        #expect(table.a.addingSaturated(table.b) == table.sum)
        #expect(table.a.subtractingSaturated(table.b) == table.difference)
        #expect(table.a.multipliedSaturated(by: table.b) == table.product)
    }

    @Test("The steady clock goes forward")
    func steady() async {
        let clock = SystemClock()
        let start = clock.steady()
        await clock.sleep(20)
        #expect(clock.steady() - start >= 20)
        #expect(FixedClock().steady() == FixedClock.start)
    }
}
