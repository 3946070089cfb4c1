package import JSON

/// One JSON line per event on stderr. Never blocks the work: what stderr does not take is dropped and counted.
package struct Log: Sendable {
    package enum Level: Int, Sendable, CaseIterable { case error, warning, info, debug }

    private let sink: @Sendable (Level, String, JSONObject) -> Void

    package init(sink: @escaping @Sendable (Level, String, JSONObject) -> Void) { self.sink = sink }

    /// A log that keeps nothing, for tests.
    package static let none = Log { _, _, _ in }

    /// Writes one event. `fields` never hold a key, an email, a name, a phone number or a metadata value.
    package func callAsFunction(_ level: Level, _ event: String, _ fields: JSONObject = [:]) {
        sink(level, event, fields)
    }
}
