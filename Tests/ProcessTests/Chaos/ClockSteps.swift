import Environment
import SQLite
import TestSupport

/// Puts times in the program's own tables ahead and back, as the steps of a clock, or processes with clocks that differ,
/// would leave them.
struct ClockSteps: Sendable {
    let run: ChaosRun

    /// Milliseconds: clocks that differ, a step by an hour, a day past Stripe's memory of keys, a year.
    private static let steps: [Int64] = [30_000, 3_600_000, 25 * 3_600_000, 365 * 24 * 3_600_000]
    /// Not stepped: an audit event's time is sealed, and what is history decides nothing.
    private static let tables = [
        "processes", "sync_queue", "disposals", "create_intents", "idempotent_calls", "erasures", "stripe_events",
        "customer_news",
    ]

    func work() async throws {
        var random = run.settings.random(97)
        while !run.isOver {
            try await run.pause(200...1200, &random)
            guard let application = run.applications.randomElement(using: &random),
                let name = Self.tables.randomElement(using: &random),
                let size = Self.steps.randomElement(using: &random)
            else { return }
            let by = Bool.random(using: &random) ? size : -size
            let choice = Int64.random(in: 0...1000, using: &random)
            let isExtreme = random.isOne(in: 20)
            let host = application.host
            let told = await onThread { try? step(host, name, by: by, choice, isExtreme: isExtreme) }
            if let told {
                run.count(\.clockSteps)
                run.history.note("\(application.name): \(told)", of: nil)
            }
        }
    }

    /// Steps one time of one row that a clock wrote and that no earlier step has put out of all reason.
    private func step(
        _ host: FaultyHost, _ name: String, by: Int64, _ choice: Int64, isExtreme: Bool
    ) throws -> String? {
        let table = try host.table(name)
        let columns = try host.sql("SELECT name, pk FROM pragma_table_info(?)", [.text(table)])
        let times = columns.compactMap { $0.text(0) }.filter { $0.hasSuffix("_at") || $0 == "not_before" }
        let isIntent = name == "create_intents"
        guard !times.isEmpty, let id = isIntent ? "idempotency_key" : columns.first(where: { $0.bool(1) })?.text(0)
        else { return nil }
        let column = times[Int(choice) % times.count]
        let new = isExtreme ? (by > 0 ? Int64.max : Int64.min) : now() + by
        let rows = try host.sql("SELECT \(id) FROM \(table) \(isIntent ? "WHERE state = 'pending'" : "") ORDER BY 1")
        guard !rows.isEmpty else { return nil }
        let row = rows[Int(choice) % rows.count].values[0]
        try host.sql("UPDATE \(table) SET \(column) = ? WHERE \(id) = ?", [.integer(new), row])
        if isIntent, column == "created_at", by <= -24 * 3_600_000, case .text(let key) = row { run.watch.hasAged(key) }
        return
            "\(column) of \(row) in \(table) is stepped to \(isExtreme ? "the end of time" : "\(by / 1000) s from now")"
    }

    private func now() -> Int64 { SystemClock().now() }
}
