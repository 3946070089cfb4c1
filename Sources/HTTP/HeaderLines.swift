/// The header of a response, put together line by line as it comes: in linear time, and never more of it than a limit.
///
/// libcurl's own list of headers (`curl_easy_nextheader`) counts, for each header, those of the same name, which is
/// quadratic; a server that sends 60,000 of them would hold up every other request for a minute.
struct HeaderLines {
    private let maximumBytes: Int
    private var bytes = 0
    /// Within the header of a response, not in the trailers after a body.
    private var isOpen = false
    private var values: [String: [String]] = [:]
    private var last: String?

    /// - Parameter maximumBytes: of all header lines of a transfer together, those of 1xx responses and trailers included.
    init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

    /// Names in lower case, repeated headers joined with ", " (RFC 9110 section 5.3).
    var headers: [String: String] { values.mapValues { $0.joined(separator: ", ") } }

    /// - Parameter line: as libcurl has it: whole, with its line end; the status line and the empty line are lines too.
    /// - Returns: `false` when that is too much.
    mutating func take(_ line: some BidirectionalCollection<UInt8>) -> Bool {
        guard line.count <= maximumBytes - bytes else { return false }
        bytes += line.count
        if line.starts(with: "HTTP/".utf8) {
            // A new response: the one before was a 1xx, or a proxy's.
            (isOpen, values, last) = (true, [:], nil)
        } else if isOpen {
            read(line)
        }
        return true
    }

    private mutating func read(_ line: some BidirectionalCollection<UInt8>) {
        let text = trimmed(line)
        if text.isEmpty, !isSpace(line.first) {
            isOpen = false
        } else if isSpace(line.first) {
            // A folded line goes on with the value before it (RFC 9112 section 5.2).
            guard let last, let index = values[last]?.indices.last else { return }
            values[last]?[index] += " " + String(decoding: text, as: UTF8.self)
        } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            let value = String(decoding: trimmed(line[line.index(after: colon)...]), as: UTF8.self)
            values[name, default: []].append(value)
            last = name
        }
    }

    private func trimmed<Line: BidirectionalCollection<UInt8>>(_ line: Line) -> Line.SubSequence {
        var rest = line.drop(while: isWhite)
        while let byte = rest.last, isWhite(byte) { rest = rest.dropLast() }
        return rest
    }
}

private func isSpace(_ byte: UInt8?) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

private func isWhite(_ byte: UInt8) -> Bool {
    isSpace(byte) || byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n")
}
