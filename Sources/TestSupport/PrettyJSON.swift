package import JSON

extension JSONValue {
    /// The value over several lines, for files that people read and compare: what fits into a line of 120 columns stands in
    /// one, and a list of simple values fills its lines. Ends with a line end.
    package var pretty: String { pretty(indent: 0, used: .max, isLast: true) + "\n" }

    private static let width = 120

    private func pretty(indent: Int, used: Int, isLast: Bool, isOpened: Bool = false) -> String {
        let line = onOneLine
        let room = Self.width - (isLast ? 0 : 1)
        if !isOpened, used < room, used + line.count <= room { return line }
        let pad = String(repeating: " ", count: indent + 2)
        let end = "\n" + String(repeating: " ", count: indent)
        switch self {
        case .object(let object) where !object.isEmpty:
            let lines = object.members.enumerated().map { position, member in
                let head = pad + JSONValue.string(member.name).description + ": "
                // One a line, also where they would fit.
                let isOpened = ["properties", "$defs"].contains(member.name) && member.value.object?.isEmpty == false
                return head
                    + member.value.pretty(
                        indent: indent + 2, used: head.count, isLast: position == object.count - 1, isOpened: isOpened)
            }
            return "{\n" + lines.joined(separator: ",\n") + end + "}"
        case .array(let elements) where !elements.isEmpty && elements.allSatisfy(\.isSimple):
            return "[\n" + Self.filled(elements.map(\.onOneLine), pad) + end + "]"
        case .array(let elements) where !elements.isEmpty:
            let lines = elements.enumerated().map { position, element in
                // The elements of a whole file begin on lines of their own.
                pad
                    + element.pretty(
                        indent: indent + 2, used: pad.count, isLast: position == elements.count - 1,
                        isOpened: used == .max && !element.isSimple)
            }
            return "[\n" + lines.joined(separator: ",\n") + end + "]"
        default: return line
        }
    }

    private static func filled(_ words: [String], _ pad: String) -> String {
        var lines: [String] = []
        var line = pad
        for (position, word) in words.enumerated() {
            let word = position == words.count - 1 ? word : word + ","
            if line == pad {
                line += word
            } else if line.count + 1 + word.count <= width {
                line += " " + word
            } else {
                lines.append(line)
                line = pad + word
            }
        }
        return (lines + [line]).joined(separator: "\n")
    }

    private var isSimple: Bool { array == nil && object == nil }

    private var onOneLine: String {
        switch self {
        case .object(let object):
            let members = object.members.map { "\(JSONValue.string($0.name)): \($0.value.onOneLine)" }
            return "{" + members.joined(separator: ", ") + "}"
        case .array(let elements): return "[" + elements.map(\.onOneLine).joined(separator: ", ") + "]"
        case .null, .bool, .number, .string: return description
        }
    }
}
