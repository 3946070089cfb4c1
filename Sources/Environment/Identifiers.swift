import Synchronization

/// Where fresh identifiers and random numbers come from. `--deterministic` counts instead of drawing.
package protocol Identifiers: Sendable {
    /// 128 fresh bits as 32 hex digits, or a count.
    func next() -> String
    /// Uniform in 0..<1, for jitter.
    func fraction() -> Double
}

package struct RandomIdentifiers: Identifiers {
    package init() {}
    package func next() -> String {
        let high = UInt64.random(in: .min ... .max)
        let low = UInt64.random(in: .min ... .max)
        return hex(high) + hex(low)
    }
    package func fraction() -> Double { Double.random(in: 0..<1) }

    private func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

package final class CountedIdentifiers: Identifiers {
    private let count = Atomic<Int>(0)
    package init() {}

    /// Counts on from where no earlier session on the same database can have come.
    /// - Parameter session: From 1.
    package func begin(session: Int) {
        // The number is read from the database: one that makes no sense must not end the process.
        count.store((max(0, session.subtractingSaturated(1)) & 0xFF_FFFF) << 24, ordering: .relaxed)
    }

    package func next() -> String {
        let digits = String(count.add(1, ordering: .relaxed).newValue, radix: 16)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }
    package func fraction() -> Double { 0.5 }
}
