#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Cuts a stream of bytes, however it arrives, into lines. Pure: it is fed chunks and holds at most one line.
///
/// - `\n` ends a line; one `\r` before it is dropped.
/// - Lines of nothing but spaces, tabs and `\r` are skipped.
/// - One byte order mark at the very start is dropped (RFC 8259, section 8.1: a parser "MAY ignore" it).
/// - A line over the limit yields `.tooLong` once, as soon as that is known, and is then skipped without being kept.
package struct LineReader: Sendable {
    package enum Line: Sendable, Equatable {
        /// The bytes between two line ends; nothing is known about them yet, not even that they are UTF-8.
        case text([UInt8])
        case tooLong
    }

    private enum State { case collecting, skipping }

    private let limit: Int
    private var state = State.collecting
    private var line: [UInt8] = []
    private var atStreamStart = true

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// - Parameter limit: the longest line in bytes, its end not counted.
    package init(limit: Int) { self.limit = limit }

    /// The lines that this chunk completes.
    package mutating func take(_ chunk: UnsafeRawBufferPointer) -> [Line] {
        var lines: [Line] = []
        var rest = chunk[...]
        while let newline = Self.newline(in: rest) {
            collect(rest[..<newline], into: &lines)
            endLine(into: &lines)
            rest = rest[(newline + 1)...]
        }
        collect(rest, into: &lines)
        return lines
    }

    /// The last line when the stream ended without a line end after it.
    package mutating func finish() -> Line? {
        var lines: [Line] = []
        endLine(into: &lines)
        return lines.first
    }

    private mutating func collect(_ bytes: Slice<UnsafeRawBufferPointer>, into lines: inout [Line]) {
        guard state == .collecting else { return }
        // The mark and the `\r` don't count, and whether they are there shows only at the end of the line.
        if line.count + bytes.count > limit + Self.byteOrderMark.count + 1 {
            line = []
            state = .skipping
            lines.append(.tooLong)
        } else {
            line.append(contentsOf: bytes)
        }
    }

    private mutating func endLine(into lines: inout [Line]) {
        defer {
            line = []
            state = .collecting
            atStreamStart = false
        }
        guard state == .collecting else { return }
        if atStreamStart, line.starts(with: Self.byteOrderMark) { line.removeFirst(Self.byteOrderMark.count) }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        if line.count > limit {
            lines.append(.tooLong)
        } else if !line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") })
        {
            lines.append(.text(line))
        }
    }

    /// `memchr` and not `firstIndex(of:)`: a line of megabytes must not cost a closure call a byte.
    private static func newline(in bytes: Slice<UnsafeRawBufferPointer>) -> Int? {
        guard let base = bytes.base.baseAddress, !bytes.isEmpty,
            let found = memchr(base + bytes.startIndex, Int32(UInt8(ascii: "\n")), bytes.count)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }
}
