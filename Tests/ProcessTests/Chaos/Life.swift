import Synchronization

/// A user of an application from registration to deletion. Another one may have the id later.
struct Life: Hashable, Sendable, CustomStringConvertible {
    var application: String
    var userId: String
    var number: Int

    var description: String { "\(application).\(userId).\(number)" }
    var person: String { "\(application).\(userId)" }
}

/// How a life ended.
enum Departure: String, CaseIterable, Sendable {
    case archive, delete, keep, erase
}

/// Every value that a host ever wrote into a profile, and whose it is: seen at Stripe, a value alone tells the
/// application, the user, the life and the order in which it was given.
final class Values: Sendable {
    struct Stamp: Sendable {
        var life: Life
        var serial: Int
    }

    private struct Place: Hashable {
        var application: String
        var value: String
    }

    private let stamps = Mutex<[Place: Stamp]>([:])

    func give(_ value: String, to life: Life, serial: Int) {
        stamps.withLock { stamps in
            // An address stays the same through many changes: its first serial says how old it is.
            let place = Place(application: life.application, value: value)
            if stamps[place]?.life != life { stamps[place] = Stamp(life: life, serial: serial) }
        }
    }

    func stamp(_ value: String, in application: String) -> Stamp? {
        stamps.withLock { $0[Place(application: application, value: value)] }
    }
}
