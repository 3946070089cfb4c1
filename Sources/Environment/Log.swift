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

    /// A log of the events up to `level`, each a line `{time, level, event, …fields}` handed to `writer`; ids as far as
    /// a log may hold them.
    package init(to writer: LogWriter, level threshold: Level) {
        self.init { level, event, fields in
            guard level.rawValue <= threshold.rawValue else { return }
            var fields = fields
            for name in Self.foreign { fields[name] = loggable(fields[name]) }
            writer.write(level, event, fields)
        }
    }

    /// Writes one event. `fields` never hold a key, an email, a name, a phone number or a metadata value.
    package func callAsFunction(_ level: Level, _ event: String, _ fields: JSONObject = [:]) {
        sink(level, event, fields)
    }

    /// The fields whose values a host has chosen, or who else writes to Stripe.
    private static let foreign = ["userId", "customerId", "id", "method"]
}

/// An id that came from outside, as far as a log may hold it: none that is long, and masked if it is an email, since
/// some hosts take these for user ids, or a key.
private func loggable(_ value: JSONValue?) -> JSONValue? {
    guard case .string(let text)? = value else { return value }
    guard !text.isEmpty else { return nil }
    guard text.utf8.count <= 128 else { return "(long)" }
    return .string(masked(text))
}
