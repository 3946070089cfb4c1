package import JSON

/// One JSON line per event on stderr. Never blocks the work: what stderr does not take is dropped and counted.
package struct Log: Sendable {
    package enum Level: Int, Sendable, CaseIterable {
        case error, warning, info, debug

        /// The name in `--log-level` and in the lines.
        package var name: String { String(describing: self) }

        package init?(name: String) {
            guard let level = Self.allCases.first(where: { $0.name == name }) else { return nil }
            self = level
        }
    }

    private let sink: @Sendable (Level, String, JSONObject) -> Void

    package init(sink: @escaping @Sendable (Level, String, JSONObject) -> Void) { self.sink = sink }

    /// A log that keeps nothing, for tests.
    package static let none = Log { _, _, _ in }

    /// A log of the events up to `level`, each a line `{time, level, event, …fields}` handed to `writer`.
    package init(to writer: LogWriter, level threshold: Level) {
        self.init { level, event, fields in
            if level.rawValue <= threshold.rawValue { writer.write(level, event, fields) }
        }
    }

    /// Writes one event. `fields` never hold a key, an email, a name, a phone number or a metadata value.
    package func callAsFunction(_ level: Level, _ event: String, _ fields: JSONObject = [:]) {
        sink(level, event, fields)
    }
}
