package import Environment
import Synchronization

/// Which processes on this database live, as this one sees it, and whether its own leases stand.
///
/// Clocks of processes differ and are set, so nobody compares a time with another's. A process renews its row by a number
/// drawn anew, its beat. For another one it is dead when that has itself seen no new beat for `leaseDuration`, by its own
/// steady clock, or soon after the kernel has said that it is gone (`arrival`). The owner counts from before it wrote its
/// last beat, so it knows that its leases have run out before anybody else can think so. From then on it has another name:
/// what it began under the old one stays undone, however long it slept, and never stands again.
package final class ProcessWatch: Sendable {
    private struct State {
        var owner = RandomIdentifiers().next()
        /// When the last renewal that is on disk began; `nil` before the first under this name.
        var renewedAt: Milliseconds?
        /// The last beat of each other process, and when it was new here.
        var beats: [String: (beat: [Int64], since: Milliseconds)] = [:]
        /// When the kernel first said here that a process is gone.
        var goneSince: [String: Milliseconds] = [:]
    }

    private let state = Mutex(State())
    private let clock: any WallClock
    private let isGone: @Sendable (String) -> Bool

    /// What is on its way when the leases run out gets so long to arrive before anybody else may begin.
    private static let margin: Milliseconds = 1_000
    /// A process that is gone sends nothing any more, but Stripe may still be at what it sent last: nobody else begins
    /// before that has had so long to arrive and to be carried out. Stripe answers most requests within a second.
    package static let arrival: Milliseconds = 3_000

    package init(
        clock: any WallClock = SystemClock(), isGone: @escaping @Sendable (String) -> Bool = { ProcessPlace.isGone($0) }
    ) {
        self.clock = clock
        self.isGone = isGone
    }

    /// The name under which this process takes leases now.
    package var owner: String { state.withLock { $0.owner } }

    /// Whether the leases taken under this name are good for the moment.
    package func stands(_ owner: String) -> Bool {
        let now = clock.steady()
        return state.withLock { $0.owner == owner && Self.stands($0, at: now) }
    }

    private static func stands(_ state: State, at now: Milliseconds) -> Bool {
        guard let renewedAt = state.renewedAt else { return false }
        return now - renewedAt < CustomerStore.leaseDuration - margin
    }

    // MARK: Renewing

    /// A renewal that is about to be written.
    package struct Renewal: Sendable {
        package let owner: String
        let beganAt: Milliseconds
        /// Under this name there has been none before, so there is no row.
        package let isFirst: Bool
    }

    package func beginRenewal() -> Renewal {
        let now = clock.steady()
        return state.withLock { state in
            if state.renewedAt != nil, !Self.stands(state, at: now) { Self.lapse(&state) }
            return Renewal(owner: state.owner, beganAt: now, isFirst: state.renewedAt == nil)
        }
    }

    /// It is on disk.
    package func finish(_ renewal: Renewal) {
        state.withLock { state in
            if state.owner == renewal.owner { state.renewedAt = max(state.renewedAt ?? .min, renewal.beganAt) }
        }
    }

    /// Somebody took this process for dead.
    package func lapse(_ renewal: Renewal) {
        state.withLock { if $0.owner == renewal.owner { Self.lapse(&$0) } }
    }

    private static func lapse(_ state: inout State) {
        state.owner = RandomIdentifiers().next()
        state.renewedAt = nil
    }

    // MARK: Watching the others

    /// What a row of `processes` says of another process.
    package struct Sighting: Sendable {
        let owner: String
        /// Two numbers: a process of an older version knows only the second, a time.
        let beat: [Int64]
        let place: String?

        package init(owner: String, beat: [Int64], place: String?) {
            self.owner = owner
            self.beat = beat
            self.place = place
        }
    }

    /// - Parameter all: Every other process that has a row.
    /// - Returns: Those that are dead.
    package func dead(among all: [Sighting]) -> [String] {
        let now = clock.steady()
        let gone = all.filter { $0.place.map(isGone) ?? false }.map(\.owner)
        return state.withLock { state in
            var goneSince: [String: Milliseconds] = [:]
            for owner in gone { goneSince[owner] = state.goneSince[owner] ?? now }
            state.goneSince = goneSince
            var beats: [String: (beat: [Int64], since: Milliseconds)] = [:]
            for one in all {
                let known = state.beats[one.owner]
                beats[one.owner] = known?.beat == one.beat ? known : (one.beat, now)
            }
            state.beats = beats
            return all.map(\.owner).filter { owner in
                let silence = beats[owner].map { now - $0.since } ?? 0
                let absence = goneSince[owner].map { now - $0 } ?? 0
                return absence >= Self.arrival || silence >= CustomerStore.leaseDuration
            }
        }
    }
}
