package import Interface
package import JSON

/// Which calls wait for which: a call starts when every earlier call that shares a key with it has ended.
///
/// Pure bookkeeping: it knows tickets and keys, neither tasks nor time. Calls that share no key don't know of each other.
package struct KeyOrder: Sendable {
    package typealias Ticket = Int

    /// What a call is ordered by.
    package enum Keys: Sendable, Equatable {
        /// Waits for nothing and nothing waits for it.
        case none
        /// Waits for the earlier calls that have one of these keys.
        case some([Key])
        /// Waits for all earlier calls that have keys. Later calls don't wait for it: it names nothing whose effect
        /// they were promised, and a backfill of minutes must not hold up a registration.
        case everything
        /// Waits for all earlier calls and all later ones wait for it: one at a time (`--ordered`).
        case serial
    }

    /// A customer or a user by one of its names.
    package enum Key: Sendable, Hashable {
        case userID(CodePoints)
        case customerID(CodePoints)
        /// In lower case.
        case email(CodePoints)
        case serial
    }

    private struct Entry: Sendable {
        /// How many earlier calls it still waits for.
        var predecessors = 0
        var successors: [Ticket] = []
        var keys: [Key] = []
        var isFree = false
    }

    private var entries: [Ticket: Entry] = [:]
    /// The last call of each key that has not ended; those before it are reached through it.
    private var last: [Key: Ticket] = [:]
    private var nextTicket = 0

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }

    /// Takes a call in, after all those taken in before.
    ///
    /// - Returns: its ticket, and whether it may start now. If not, a later `leave` returns the ticket.
    package mutating func enter(_ keys: Keys) -> (ticket: Ticket, isReady: Bool) {
        let ticket = nextTicket
        nextTicket += 1
        var entry = Entry()
        var predecessors: Set<Ticket> = []
        switch keys {
        case .none: entry.isFree = true
        case .everything: predecessors = Set(entries.filter { !$0.value.isFree }.keys)
        case .some(let keys): entry.keys = keys
        case .serial: entry.keys = [.serial]
        }
        for key in entry.keys {
            if let earlier = last.updateValue(ticket, forKey: key) { predecessors.insert(earlier) }
        }
        // A key given twice (a user's and a customer's email) makes the call its own predecessor.
        predecessors.remove(ticket)
        for earlier in predecessors { entries[earlier]?.successors.append(ticket) }
        entry.predecessors = predecessors.count
        entries[ticket] = entry
        return (ticket, predecessors.isEmpty)
    }

    /// The call has ended, or will never start though its turn has come.
    ///
    /// - Returns: the calls that may start now, in the order in which they came.
    package mutating func leave(_ ticket: Ticket) -> [Ticket] {
        guard let entry = entries.removeValue(forKey: ticket) else { return [] }
        for key in entry.keys where last[key] == ticket { last[key] = nil }
        var ready: [Ticket] = []
        for successor in entry.successors {
            entries[successor]?.predecessors -= 1
            if entries[successor]?.predecessors == 0 { ready.append(successor) }
        }
        return ready
    }
}

extension KeyOrder.Keys {
    /// The keys of whom a call is about.
    package init(_ subject: Subject) {
        var keys: [KeyOrder.Key] = []
        if let id = subject.userId { keys.append(.userID(CodePoints(id))) }
        if let id = subject.customerId { keys.append(.customerID(CodePoints(id))) }
        if let email = subject.email { keys.append(.email(CodePoints(loweredAddress(email)))) }
        self = keys.isEmpty ? .everything : .some(keys)
    }
}
