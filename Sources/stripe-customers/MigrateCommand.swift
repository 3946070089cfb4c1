import CustomerStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `migrate`: brings the database up to date, printing each migration; with `--dry-run` only says what it would do. A
/// program that reads the output gets a line `applied NAME` or `pending NAME` for each and nothing else; a person is
/// also told what that means.
func migrate(
    _ options: Options, dryRun: Bool, environment: [String: String]
) throws(StartFailure) {
    let names: [String]
    do throws(StoreError) {
        names =
            try dryRun
            ? MigrationRunner.pending(path: options.database) : MigrationRunner.migrate(path: options.database)
    } catch {
        throw StartFailure(error)
    }
    let word = dryRun ? "pending" : "applied"
    guard isatty(1) == 1 else {
        for name in names { try printLine("\(word) \(name)") }
        return
    }
    for name in names { try printLine("\(coloured(word, dryRun ? .yellow : .green, environment)) \(name)") }
    switch (names.count, dryRun) {
    case (0, _): try printLine("\(options.database) is up to date")
    case (let count, true): try printLine("\(count) to apply to \(options.database): run migrate without --dry-run")
    case (let count, false): try printLine("\(options.database) is up to date now, \(count) applied")
    }
}

/// The colours of a terminal (ECMA-48, "Select Graphic Rendition").
private enum Colour: Int { case green = 32, yellow = 33 }

/// - Precondition: the text goes to a terminal. "When present and not an empty string (regardless of its value),
///   [NO_COLOR] prevents the addition of ANSI color" (https://no-color.org).
private func coloured(_ text: String, _ colour: Colour, _ environment: [String: String]) -> String {
    guard environment["NO_COLOR", default: ""].isEmpty, environment["TERM"] != "dumb" else { return text }
    return "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m"
}
