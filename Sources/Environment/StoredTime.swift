/// What a time is worth that was stored or received: the clock that it was taken from may have been another one, or this
/// one before somebody set it, and anybody may have written the row.
///
/// The rule: **a time is believed that lies no further ahead than whoever wrote it can have meant**, so a clock that is set
/// back, or a row with a time far ahead, holds nothing up for longer than that. What is not believed counts as a time that
/// nobody knows. No arithmetic here overflows.
package enum StoredTime {
    /// So far apart may two clocks be that somebody keeps: this machine's before and after it was set, Stripe's and ours.
    package static let clockTolerance: Milliseconds = 60_000

    /// The latest time that is believed now; also for conditions in SQL.
    /// - Parameter longest: How far ahead whoever wrote the time can have meant: the longest backoff for a time to wait
    ///   for, `clockTolerance` for a time at which something has happened.
    package static func latestBelieved(at now: Milliseconds, ahead longest: Milliseconds) -> Milliseconds {
        now.addingSaturated(longest)
    }

    package static func isBelieved(
        _ time: Milliseconds, at now: Milliseconds, ahead longest: Milliseconds = clockTolerance
    ) -> Bool {
        time <= latestBelieved(at: now, ahead: longest)
    }

    /// Milliseconds until a time that was set to be waited for; 0 when it has come or is not believed.
    package static func wait(
        until time: Milliseconds, at now: Milliseconds, ahead longest: Milliseconds
    ) -> Milliseconds {
        isBelieved(time, at: now, ahead: longest) ? max(0, time.subtractingSaturated(now)) : 0
    }

    /// Milliseconds since something happened, 0 when a clock says that it is about to; `nil` when the time is not believed:
    /// it may have happened just now or long ago.
    package static func age(of time: Milliseconds, at now: Milliseconds) -> Milliseconds? {
        isBelieved(time, at: now) ? max(0, now.subtractingSaturated(time)) : nil
    }
}
