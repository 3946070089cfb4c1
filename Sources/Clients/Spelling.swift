/// `customer_not_found` and `customFields` as the name of a type: `CustomerNotFound`, `CustomFields`.
func pascalCase(_ name: String) -> String {
    name.split { $0 == "_" || $0 == "." }.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
}

/// `getCustomerByEmail` as Python says it: `get_customer_by_email`.
func snakeCase(_ name: String) -> String {
    name.reduce(into: "") { result, character in
        if character.isUppercase, !result.isEmpty { result += "_" }
        result += character.lowercased()
    }
}

/// The name of a method as an identifier: `rpc.discover` is `discover`.
func methodName(_ name: String) -> String { name.split(separator: ".").last.map(String.init) ?? name }

/// Breaks text at spaces into lines of at most `width` characters.
func wrapped(_ text: String, width: Int) -> [String] {
    wrapped(text.split(separator: " ").map(String.init), width: width)
}

/// Puts as many of the words into each line as have room in it.
func wrapped(_ words: [String], width: Int) -> [String] {
    var lines: [String] = []
    for word in words {
        if let last = lines.last, last.count + 1 + word.count <= width {
            lines[lines.count - 1] += " " + word
        } else {
            lines.append(word)
        }
    }
    return lines
}

/// The template with each line that consists of `<mark>@<name>@` replaced by the generated text, which is indented like
/// the line, and each `@version@` inside a line by the version.
func filled(_ template: [UInt8], version: String, _ parts: [String: String]) -> String {
    var result: [Substring] = []
    let text = String(decoding: template, as: UTF8.self)
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
        let words = line.split(separator: " ")
        if words.count == 2, words[0] == "#" || words[0] == "//", let name = words.last, name.hasPrefix("@"),
            name.hasSuffix("@"), let part = parts[String(name.dropFirst().dropLast())]
        {
            let indent = line.prefix { $0 == " " }
            for generated in part.split(separator: "\n", omittingEmptySubsequences: false) {
                result.append(generated.isEmpty ? "" : indent + generated)
            }
        } else if let mark = line.firstRange(of: "@version@") {
            result.append(line[..<mark.lowerBound] + version + line[mark.upperBound...])
        } else {
            result.append(line)
        }
    }
    return result.joined(separator: "\n")
}
