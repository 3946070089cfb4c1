import Environment

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A person's terminal, and how to write there. What a program reads, in a pipe or a file, is no terminal.
struct Terminal: Sendable {
    /// "Select Graphic Rendition" of ECMA-48.
    enum Colour: Int { case red = 31, green = 32, yellow = 33 }

    /// Columns: the width that every terminal has.
    static let width = 80

    /// Whether a line can be written over. A dumb terminal knows nothing but the next line (terminfo's `dumb`).
    let isRewritable: Bool
    private let isColoured: Bool

    /// - Returns: `nil` when the descriptor is none.
    init?(_ descriptor: Int32, _ environment: [String: String]) {
        guard isatty(descriptor) == 1 else { return nil }
        isRewritable = environment["TERM"] != "dumb"
        // "when present and not an empty string (regardless of its value), [NO_COLOR] prevents the addition of ANSI color"
        // (https://no-color.org).
        isColoured = isRewritable && environment["NO_COLOR", default: ""].isEmpty
    }

    func coloured(_ text: String, _ colour: Colour) -> String {
        isColoured ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// One line for each row, with its columns below one another and the first one in this colour.
    func table(_ rows: [(colour: Colour, columns: [String])]) -> [String] {
        // Ids may hold anything that somebody wrote into the users table.
        let rows = rows.map { (colour: $0.colour, columns: $0.columns.map(escapingControlCharacters)) }
        let count = rows.map(\.columns.count).max() ?? 0
        let widths = (0..<count).map { column in
            rows.map { column < $0.columns.count ? $0.columns[column].unicodeScalars.count : 0 }.max() ?? 0
        }
        return rows.map { colour, columns in
            let padded = columns.enumerated().map { index, text in
                // Nothing stands below the end of a last column, and one endless id must not push away the rest.
                let isLast = index == columns.count - 1
                let missing = isLast ? 0 : min(widths[index], 40) - text.unicodeScalars.count
                let padding = String(repeating: " ", count: max(0, missing))
                return (index == 0 ? coloured(text, colour) : text) + padding
            }
            return padded.joined(separator: "  ")
        }
    }

    /// The text in lines that fit the width, all but the first indented.
    static func wrapped(_ text: String, width: Int = Terminal.width, indent: String = "  ") -> [String] {
        var lines: [String] = []
        var line = ""
        for word in escapingControlCharacters(text).split(separator: " ") {
            let longer = line.isEmpty ? String(word) : line + " " + word
            if longer.unicodeScalars.count <= width || line.isEmpty {
                line = longer
            } else {
                lines.append(line)
                line = indent + word
            }
        }
        return lines + [line]
    }
}
