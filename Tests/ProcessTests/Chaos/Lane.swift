import JSON
import SQLite
import Synchronization
import TestSupport

/// One host's loop: keeps one process alive and several calls under way, and writes to the users table as the host's other
/// programs do. Profiles are written by the lane that owns the user, so that their order is known; every lane makes sure
/// of everybody's customers.
struct Lane: Sendable {
    let run: ChaosRun
    let application: Application
    let number: Int
    var random: SplitMix
    var people: [String: Person] = [:]
    /// Numbers calls and values; of all lanes of an application each has its own range of them.
    var serial: Int
    private var processes = 0

    /// Calls under way at once.
    private static let window = 12

    init(_ run: ChaosRun, _ application: Application, _ number: Int) {
        self.run = run
        self.application = application
        self.number = number
        let place = number + (application === run.applications.first ? 0 : 50)
        serial = place * 10_000_000
        random = run.settings.random(place)
        for index in 0..<Application.usersPerLane {
            let userId = application.userId(number, index)
            people[userId] = Person(Life(application: application.name, userId: userId, number: 0), index: index)
        }
    }

    mutating func work() async throws {
        while !run.isOver {
            processes += 1
            let process = try application.host.spawn(apiKey: application.apiKey(lane: number, number: processes))
            application.takeSeat(process, in: number)
            try await drive(process)
            _ = try await process.wait()
            try keepLog(of: process)
            // It is dead, so what the table says is what became of the calls that it never answered.
            try await learn()
        }
    }

    /// Keeps a window of calls under way until the process ends or the time is up.
    private mutating func drive(_ process: Subprocess) async throws {
        var underWay: [Int: Call] = [:]
        while true {
            let isOver = run.isOver
            if isOver { process.closeInput() }
            if !isOver, random.isOne(in: 8) {
                if run.settings.has(.sql) { try await writeSQL() }
                try await learnOne()
            }
            while !isOver, underWay.count < Self.window {
                serial += 1
                guard let call = nextCall() else { break }
                begin(call)
                do { try await process.write(request(serial, call.method, call.params)) } catch { break }
                underWay[serial] = call
            }
            guard let line = try await process.readLine(timeout: .seconds(300)) else { return }
            let answer = try JSONValue(parsing: Array(line.utf8))
            guard let id = answer["id"]?.int64, let call = underWay.removeValue(forKey: Int(id)) else { continue }
            end(call, answer)
        }
    }

    // MARK: What is known

    private mutating func begin(_ call: Call) {
        run.count(\.calls)
        let person = "\(application.name).\(call.userId)"
        run.history.note("\(number).\(processes) calls \(call.method) \(call.told)", of: person)
        people[call.userId]?.sends(call)
    }

    private mutating func end(_ call: Call, _ answer: JSONValue) {
        let isDone = answer["result"] != nil
        let told = answer["error"]?["data"]?["type"]?.string ?? answer["error"]?["message"]?.string ?? "done"
        let person = "\(application.name).\(call.userId)"
        run.history.note("    \(call.method) \(call.serial) is answered: \(told)", of: person)
        if isDone { run.count(\.acknowledged) }
        guard let left = people[call.userId]?.hears(of: call, isDone: isDone) else { return }
        run.end(left.life, left.departure)
        if left.departure == .erase, answer["result"]?["state"]?.string == "done" { run.watch.isErased(left.life) }
    }

    /// Asks the table what became of the users of whom it is not known, of this lane's.
    mutating func learn() async throws {
        let (host, pattern) = (application.host, "u\(number)\\_%")
        let rows = try await onThread {
            Result { try host.sql(#"SELECT id, name FROM users WHERE id LIKE ? ESCAPE '\'"#, [.text(pattern)]) }
        }.get()
        let names = Dictionary(rows.map { ($0.text(0) ?? "", $0.text(1) ?? "") }) { first, _ in first }
        for userId in people.keys.sorted() { learn(names[userId], of: userId) }
    }

    /// - Parameter name: in the user's row; `nil` when there is none.
    mutating func learn(_ name: String?, of userId: String) {
        guard var person = people[userId] else { return }
        let stamp = name.flatMap { run.values.stamp($0, in: application.name) }
        let finding = person.learns(name, stamp?.life)
        people[userId] = person
        if let contradiction = finding.contradiction {
            run.watch.report("\(userId) of \(application.name): \(contradiction)", of: "\(application.name).\(userId)")
        }
        if let left = finding.left { run.end(left.life, left.departure) }
    }

    private func keepLog(of process: Subprocess) throws {
        let text = process.standardError
        guard !text.isEmpty else { return }
        try appendFile("\(application.name).\(number).log", "# process \(processes)\n" + text, in: run.directory)
    }
}

/// A call on its way.
struct Call: Sendable {
    enum Kind: Sendable {
        case register(Life)
        case update
        case depart(Departure)
        case other
    }

    var kind: Kind
    var method: String
    var userId: String
    /// The name that it gives.
    var name: String?
    var params: JSONObject
    var serial: Int

    var changesLife: Bool {
        switch kind {
        case .register, .depart: true
        case .update, .other: false
        }
    }

    fileprivate var told: String {
        let shown = params.members.filter { !["userId", "payload", "signature"].contains($0.name) }
        return "\(serial) \(JSONValue.object(JSONObject(shown)))"
    }
}
