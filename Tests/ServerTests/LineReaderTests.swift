import StandardIO
import Testing

@Suite("Lines out of bytes")
struct LineReaderTests {
    @Test(
        "The same lines come out wherever the bytes are split",
        arguments: [
            ("a\nbc\n", ["a", "bc"]),
            ("a\r\nbc\r\n", ["a", "bc"]),
            ("a\n\n \t\r\n\nb", ["a", "b"]),
            ("\u{FEFF}a\n\u{FEFF}b\n", ["a", "\u{FEFF}b"]),
            ("é\u{2028}ü\n", ["é\u{2028}ü"]),
            ("a\rb\r\r\n", ["a\rb\r"]),
            ("", []),
            ("last", ["last"]),
            ("\u{FEFF}", []),
        ])
    func splitEverywhere(text: String, expected: [String]) {
        let bytes = Array(text.utf8)
        for split in 0...bytes.count {
            #expect(lines(of: [Array(bytes[..<split]), Array(bytes[split...])]) == expected, "split at \(split)")
        }
        #expect(lines(of: bytes.map { [$0] }) == expected)
    }

    @Test("A line over the limit is told once and skipped, and the next one is read", arguments: [1, 3, 1000])
    func tooLong(chunkSize: Int) {
        let bytes = Array("12345678\n123456789\r\n1\n\(String(repeating: "x", count: 500))\n2\n".utf8)
        let chunks = stride(from: 0, to: bytes.count, by: chunkSize).map {
            Array(bytes[$0..<min($0 + chunkSize, bytes.count)])
        }
        #expect(lines(of: chunks, limit: 8) == ["12345678", "<too long>", "1", "<too long>", "2"])
    }

    @Test("The line end and the byte order mark don't count towards the limit")
    func limitIsOfTheText() {
        #expect(lines(of: [Array("\u{FEFF}12345678\r\n123456789".utf8)], limit: 8) == ["12345678", "<too long>"])
    }

    @Test("A line that is too long and never ends is told before it ends")
    func toldEarly() {
        var reader = LineReader(limit: 4)
        let taken = Array(repeating: UInt8(ascii: "x"), count: 100).withUnsafeBytes { reader.take($0) }
        #expect(taken == [.tooLong])
        #expect(reader.finish() == nil)
    }

    private func lines(of chunks: [[UInt8]], limit: Int = 1000) -> [String] {
        var reader = LineReader(limit: limit)
        var lines = chunks.flatMap { chunk in chunk.withUnsafeBytes { reader.take($0) } }
        if let last = reader.finish() { lines.append(last) }
        return lines.map { line in
            switch line {
            case .text(let bytes): String(decoding: bytes, as: UTF8.self)
            case .tooLong: "<too long>"
            }
        }
    }
}
