import Environment
import Stripe
import Testing

@Suite("Token bucket")
struct TokenBucketTests {
    /// When each of `count` callers that all come at `start` may go.
    private func departures(_ bucket: inout TokenBucket, count: Int, at start: Milliseconds) -> [Milliseconds] {
        let tickets = (0..<count).compactMap { _ in bucket.take(at: start, patience: .max) }
        var now = start
        return tickets.map { ticket in
            while case let delay = bucket.delay(of: ticket, at: now), delay > 0 { now += delay }
            return now
        }
    }

    @Test(
        "No one-second window exceeds the limit, and little of it goes unused", arguments: [1, 3, 9, 10, 20, 25, 100])
    func window(limit: Int) throws {
        var bucket = TokenBucket(limit: Double(limit))
        let times = departures(&bucket, count: limit * 10, at: 5_000)
        for (index, time) in times.enumerated() {
            #expect(times[index...].prefix { $0 < time + 1_000 }.count <= limit)
        }
        let rate = Double(times.count) / Double(try #require(times.last) - 5_000) * 1_000
        #expect(rate >= Double(limit) * 0.85)
        #expect(rate <= Double(limit) * 1.15)
    }

    @Test("A pause fills the burst and no more")
    func pause() {
        var bucket = TokenBucket(limit: 100)
        _ = departures(&bucket, count: 500, at: 0)
        let times = departures(&bucket, count: 30, at: 3_600_000)
        #expect(times.filter { $0 == 3_600_000 }.count == 10)
    }

    @Test("A 429 halves the rate once a second at most, down to one a second")
    func halving() {
        var bucket = TokenBucket(limit: 25)
        #expect(bucket.rate == 23)
        for _ in 0..<20 { bucket.rateLimited(at: 10_000) }
        #expect(bucket.rate == 11.5)
        var now: Milliseconds = 10_000
        for _ in 0..<20 {
            now += 1_000
            bucket.rateLimited(at: now)
        }
        #expect(bucket.rate < 2)
        #expect(bucket.rate >= 1)
    }

    @Test("The rate comes back by a twentieth of the ceiling a second, up to the ceiling")
    func recovery() {
        var bucket = TokenBucket(limit: 100)
        bucket.rateLimited(at: 0)
        #expect(bucket.rate == 45)
        _ = bucket.take(at: 2_000, patience: .max)
        #expect(bucket.rate == 54)
        _ = bucket.take(at: 60_000, patience: .max)
        #expect(bucket.rate == 90)
    }

    @Test("Those who wait feel a 429 too, and keep their order")
    func slowerWhileWaiting() {
        var bucket = TokenBucket(limit: 25)
        let tickets = (0..<6).compactMap { _ in bucket.take(at: 0, patience: .max) }
        let before = tickets.map { bucket.delay(of: $0, at: 0) }
        bucket.rateLimited(at: 0)
        let after = tickets.map { bucket.delay(of: $0, at: 0) }
        #expect(before[1] == 0)
        #expect(after[1] == 0)
        #expect(after[5] > before[5])
        #expect(after == after.sorted())
    }

    @Test("A caller without the patience for its turn is told at once and takes no place")
    func impatience() {
        var bucket = TokenBucket(limit: 1)
        #expect(bucket.take(at: 0, patience: 0) == 1)
        #expect(bucket.take(at: 0, patience: 1_000) == nil)
        #expect(bucket.take(at: 0, patience: 1_053) == 2)
    }

    @Test("A time of day that goes backwards neither stops the bucket nor fills it")
    func backwards() throws {
        var bucket = TokenBucket(limit: 10)
        _ = departures(&bucket, count: 20, at: 10_000_000)
        let taken = bucket.take(at: 5_000, patience: .max)
        let ticket = try #require(taken)
        let delay = bucket.delay(of: ticket, at: 5_000)
        #expect(delay > 0)
        #expect(delay < 1_000)
        #expect(bucket.delay(of: ticket, at: 5_000 + delay) == 0)
    }
}
