import Interface
import JSON
import Synchronization

/// How many calls came to which outcome, and how long they took, by method.
///
/// Latencies go into buckets that are a quarter of a power of two wide, so a quantile is right to within a fifth and the
/// whole costs a few kilobytes whatever the number of calls.
package final class CallMetrics: Sendable {
    private struct Histogram {
        var buckets: [Int: Int] = [:]
        var count = 0

        mutating func add(_ microseconds: Int64) {
            count += 1
            buckets[Self.bucket(of: microseconds), default: 0] += 1
        }

        /// Four buckets for each doubling: the position of the highest bit and the two bits after it.
        private static func bucket(of value: Int64) -> Int {
            guard value >= 4 else { return Int(max(0, value)) }
            let exponent = 63 - value.leadingZeroBitCount
            return exponent * 4 + Int((value >> (exponent - 2)) & 3) - 4
        }

        /// The upper end of a bucket.
        private static func end(of bucket: Int) -> Int64 {
            guard bucket >= 4 else { return Int64(bucket) }
            let (exponent, quarter) = ((bucket + 4) / 4, (bucket + 4) % 4)
            return (Int64(5 + quarter) << (exponent - 2)) - 1
        }

        func quantile(_ fraction: Double) -> Int64 {
            let rank = Int((fraction * Double(count)).rounded(.up))
            var seen = 0
            for bucket in buckets.keys.sorted() {
                seen += buckets[bucket] ?? 0
                if seen >= rank { return Self.end(of: bucket) }
            }
            return 0
        }
    }

    private struct Entry {
        var outcomes: [String: Int] = [:]
        var latency = Histogram()
    }

    private let clock: @Sendable () -> Int64
    private let entries = Mutex<[String: Entry]>([:])

    /// - Parameter clock: Microseconds that only ever grow.
    package init(clock: @escaping @Sendable () -> Int64) { self.clock = clock }

    package convenience init() {
        let start = ContinuousClock.now
        self.init {
            let (seconds, attoseconds) = start.duration(to: .now).components
            return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        }
    }

    /// Carries a call out and counts it.
    func counted<T>(
        _ method: String, _ carryOut: () async throws(ServiceError) -> T
    ) async throws(ServiceError) -> T {
        let began = clock()
        do throws(ServiceError) {
            let answer = try await carryOut()
            count(method, "ok", since: began)
            return answer
        } catch {
            count(method, error.kind.rawValue, since: began)
            throw error
        }
    }

    private func count(_ method: String, _ outcome: String, since began: Int64) {
        let duration = clock() - began
        entries.withLock { entries in
            entries[method, default: Entry()].outcomes[outcome, default: 0] += 1
            entries[method, default: Entry()].latency.add(duration)
        }
    }

    /// By method: `outcomes` with their counts, and `latencyUs` with the quantiles.
    var json: JSONValue {
        entries.withLock { entries in
            .object(
                JSONObject(
                    entries.sorted { $0.key < $1.key }.map { method, entry in
                        JSONObject.Member(
                            method,
                            [
                                "outcomes": .object(
                                    JSONObject(
                                        entry.outcomes.sorted { $0.key < $1.key }.map {
                                            JSONObject.Member($0.key, .number(JSONNumber($0.value)))
                                        })),
                                "latencyUs": [
                                    "p50": .number(JSONNumber(entry.latency.quantile(0.5))),
                                    "p95": .number(JSONNumber(entry.latency.quantile(0.95))),
                                    "p99": .number(JSONNumber(entry.latency.quantile(0.99))),
                                ],
                            ])
                    }))
        }
    }
}
