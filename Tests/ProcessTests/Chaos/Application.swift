import JSON
import Synchronization
import TestSupport

/// An application with its database and its processes. Each of its lanes is one host process's place.
final class Application: Sendable {
    let name: String
    let host: FaultyHost
    let lanes: Int
    /// Events that wait to be delivered, as lines' params.
    let mailbox = Mutex<[JSONObject]>([])
    /// How far this application's addresses are shifted against the users' numbers: 0 where the neighbour's user of one
    /// id has the same address. Without a name on one of the two these would be one and the same customer by right.
    private let addressShift: Int
    private let processes = Mutex<[Int: Seat]>([:])

    private struct Seat: Sendable {
        var process: Subprocess
        var isStopped = false
    }

    static let usersPerLane = 15

    init(name: String, host: FaultyHost, lanes: Int, addressShift: Int = 0) {
        self.name = name
        self.host = host
        self.lanes = lanes
        self.addressShift = addressShift
    }

    func userId(_ lane: Int, _ number: Int) -> String { "u\(lane)_\(number)" }

    /// The address of a life; `serial` for another one than its first.
    func email(_ lane: Int, _ number: Int, life: Int, serial: Int? = nil) -> String {
        let suffix = serial.map { ".\($0)" } ?? ""
        return "u\(lane)_\((number + addressShift) % Self.usersPerLane).\(life)\(suffix)@example.com"
    }

    // MARK: Its processes

    /// The key that a process of this application calls Stripe with, so that the stand-in knows who calls.
    func apiKey(lane: Int, number: Int) -> String { "sk_test_\(name)_\(lane)_\(number)" }

    func takeSeat(_ process: Subprocess, in lane: Int) { processes.withLock { $0[lane] = Seat(process: process) } }

    /// - Returns: Whether there was a process to kill.
    func kill(lane: Int, evenIfStopped: Bool) -> Bool {
        processes.withLock { seats in
            guard let seat = seats[lane], evenIfStopped || !seat.isStopped else { return false }
            seats[lane] = nil
            seat.process.kill(9)
            return true
        }
    }

    func stop(lane: Int) -> Subprocess? {
        processes.withLock { seats in
            guard let process = seats[lane]?.process else { return nil }
            seats[lane]?.isStopped = true
            process.kill(19)
            return process
        }
    }

    func resume(_ process: Subprocess, in lane: Int) {
        processes.withLock { seats in
            process.kill(18)
            if seats[lane]?.process === process { seats[lane]?.isStopped = false }
        }
    }
}
