/// What a host knows of one of its users: what it was told, and what it can't know because a process was killed before it
/// answered.
struct Person: Sendable {
    enum Standing: Sendable { case present, absent, unknown }

    struct Left: Sendable {
        var life: Life
        var departure: Departure
    }

    private struct Name: Sendable {
        var name: String
        var life: Life
    }

    /// The place among its lane's users.
    let index: Int
    /// The one that is there, or the last one that was.
    private(set) var life: Life
    /// The number of the last life that was begun; not each of them came about.
    private(set) var lastNumber = 0
    private(set) var standing = Standing.absent
    private(set) var callsUnderWay = 0
    private(set) var changesUnderWay = 0
    /// Names that the row may have, in the order of sending: the acknowledged one and those sent since.
    private var names: [Name] = []
    /// The last deletion that was asked for in this life.
    private var departure: Departure?

    init(_ life: Life, index: Int) {
        self.life = life
        self.index = index
    }

    /// With no call about the user under way it is certain, once the table has been asked.
    var isSettled: Bool { callsUnderWay == 0 && standing != .unknown }
    /// A profile can be written whose life is certain.
    var isPresent: Bool { standing == .present && changesUnderWay == 0 }
    /// Nobody is there, or will be when what is under way has been carried out.
    var isGoing: Bool {
        standing == .absent && changesUnderWay == 0 || departure != nil && changesUnderWay == 1 && standing == .unknown
    }

    mutating func nextLife() -> Life {
        var next = life
        lastNumber += 1
        next.number = lastNumber
        return next
    }

    // MARK: Calls

    mutating func sends(_ call: Call) {
        callsUnderWay += 1
        if call.changesLife { changesUnderWay += 1 }
        write(call.kind, call.name)
    }

    /// - Returns: The life that this ended.
    mutating func hears(of call: Call, isDone: Bool) -> Left? {
        callsUnderWay -= 1
        if call.changesLife { changesUnderWay -= 1 }
        return isDone ? written(call.kind, call.name) : nil
    }

    // MARK: Writing

    /// Before a call or a statement is sent: from now on it may have been carried out.
    mutating func write(_ kind: Call.Kind, _ name: String?) {
        switch kind {
        case .register(let life):
            standing = .unknown
            if let name { names.append(Name(name: name, life: life)) }
        case .update:
            if let name { names.append(Name(name: name, life: life)) }
        case .depart(let departure):
            standing = .unknown
            self.departure = departure
        case .other: break
        }
    }

    /// It was carried out. Calls for one user are carried out in order: what was sent before is over.
    mutating func written(_ kind: Call.Kind, _ name: String?) -> Left? {
        if let name, let index = names.firstIndex(where: { $0.name == name }) { names.removeFirst(index) }
        switch kind {
        case .register(let life):
            let left = leaving()
            self.life = life
            standing = changesUnderWay == 0 ? .present : .unknown
            return left
        case .depart(let departure):
            standing = changesUnderWay == 0 ? .absent : .unknown
            self.departure = departure
            return leaving()
        case .update, .other: return nil
        }
    }

    // MARK: Learning

    /// What the table says, with no call about the user under way.
    mutating func learns(_ name: String?, _ life: Life?) -> (contradiction: String?, left: Left?) {
        (callsUnderWay, changesUnderWay) = (0, 0)
        defer { standing = name == nil ? .absent : .present }
        guard let name else {
            if standing == .present { return ("was acknowledged and is gone", nil) }
            names = []
            return (nil, standing == .absent ? nil : leaving())
        }
        let index = names.firstIndex { $0.name == name }
        if standing == .absent { return ("is there after it was deleted, as \(name)", nil) }
        guard let index, let life, names[index].life == life else {
            return ("the name is \(name), not \(names.map(\.name))", nil)
        }
        names = [names[index]]
        guard life != self.life else {
            departure = nil
            return (nil, nil)
        }
        let left = leaving()
        self.life = life
        return (nil, left)
    }

    private mutating func leaving() -> Left? {
        defer { departure = nil }
        return departure.map { Left(life: life, departure: $0) }
    }
}
