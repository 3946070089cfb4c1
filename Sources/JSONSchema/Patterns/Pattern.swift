/// A regular expression of ECMA-262 with the `u` flag, as JSON Schema asks for (core, section 6.4): not anchored, over
/// code points, `\d`, `\w` and `\b` ASCII only. It only says whether there is a match.
///
/// The match runs all alternatives side by side (Thompson's construction), so its time is at most the length of the
/// text times the size of the pattern. Swift's `Regex` backtracks, and a text from a host could make it do so for
/// minutes (https://github.com/swiftlang/swift/issues/81956). The price is what no such machine can do: backreferences,
/// and here also lookahead and lookbehind, are refused.
struct Pattern: Sendable {
    enum Instruction: Sendable {
        /// Goes on after a code point of this set.
        case consume(ScalarSet)
        case check(PatternSyntax.Assertion)
        /// Goes on at both.
        case split(Int, Int)
        case jump(Int)
        case match
    }

    let text: String
    private let program: [Instruction]

    init(_ text: String) throws(PatternError) {
        self.text = text
        var writer = ProgramWriter()
        try writer.write(try PatternParser.parse(text))
        program = writer.program + [.match]
    }

    func matches(_ string: String) -> Bool {
        var current = Threads(capacity: program.count)
        var next = Threads(capacity: program.count)
        var scalars = string.unicodeScalars.makeIterator()
        var before: Unicode.Scalar?
        var after = scalars.next()
        while true {
            // A match may begin anywhere.
            if follow(0, between: before, and: after, into: &current) { return true }
            guard let scalar = after else { return false }
            (before, after) = (scalar, scalars.next())
            for position in current.positions {
                guard case .consume(let set) = program[position], set.contains(scalar) else { continue }
                if follow(position + 1, between: before, and: after, into: &next) { return true }
            }
            swap(&current, &next)
            next.removeAll()
        }
    }

    /// Adds an instruction and all that are reached from it without consuming anything; says whether `match` is.
    private func follow(
        _ start: Int, between before: Unicode.Scalar?, and after: Unicode.Scalar?, into threads: inout Threads
    ) -> Bool {
        threads.pending.append(start)
        while let position = threads.pending.popLast() {
            guard threads.insert(position) else { continue }
            switch program[position] {
            case .match: return true
            case .consume: break
            case .jump(let target): threads.pending.append(target)
            case .split(let first, let second):
                threads.pending.append(first)
                threads.pending.append(second)
            case .check(let assertion):
                if assertion.holds(between: before, and: after) { threads.pending.append(position + 1) }
            }
        }
        return false
    }

    /// The instructions at which the machine is at once, each of them once.
    private struct Threads {
        private(set) var positions: [Int] = []
        private var contains: [Bool]
        /// Those still to be added; empty between two steps and kept for its memory.
        var pending: [Int] = []

        init(capacity: Int) { contains = Array(repeating: false, count: capacity) }

        mutating func insert(_ position: Int) -> Bool {
            guard !contains[position] else { return false }
            contains[position] = true
            positions.append(position)
            return true
        }

        mutating func removeAll() {
            for position in positions { contains[position] = false }
            positions.removeAll(keepingCapacity: true)
        }
    }
}

/// Why a text is not a regular expression, or not one of those that are understood here.
struct PatternError: Error {
    let reason: String
}

/// Turns the syntax tree into instructions.
private struct ProgramWriter {
    /// `a{1000}{1000}` is short, its program is not.
    private static let maximumCount = 10_000

    private(set) var program: [Pattern.Instruction] = []

    mutating func write(_ syntax: PatternSyntax) throws(PatternError) {
        switch syntax {
        case .set(let set): try append(.consume(set))
        case .assertion(let assertion): try append(.check(assertion))
        case .sequence(let parts): for part in parts { try write(part) }
        case .alternatives(let alternatives): try write(alternatives: alternatives[...])
        case .repetition(let part, let minimum, let maximum):
            let start = program.count
            for _ in 0..<minimum {
                try write(part)
                if program.count == start { break }  // Nothing, however often.
            }
            if let maximum { try write(part, upTo: maximum - minimum) } else { try write(anyNumberOf: part) }
        }
    }

    private mutating func write(alternatives: ArraySlice<PatternSyntax>) throws(PatternError) {
        guard let first = alternatives.first else { return }
        guard alternatives.count > 1 else { return try write(first) }
        let split = try append(.split(0, 0))
        try write(first)
        let jump = try append(.jump(0))
        program[split] = .split(split + 1, program.count)
        try write(alternatives: alternatives.dropFirst())
        program[jump] = .jump(program.count)
    }

    private mutating func write(anyNumberOf part: PatternSyntax) throws(PatternError) {
        let split = try append(.split(0, 0))
        try write(part)
        try append(.jump(split))
        program[split] = .split(split + 1, program.count)
    }

    /// Each of the optional parts may be the end of them.
    private mutating func write(_ part: PatternSyntax, upTo count: Int) throws(PatternError) {
        var splits: [Int] = []
        for _ in 0..<count {
            splits.append(try append(.split(0, 0)))
            try write(part)
        }
        for split in splits { program[split] = .split(split + 1, program.count) }
    }

    @discardableResult
    private mutating func append(_ instruction: Pattern.Instruction) throws(PatternError) -> Int {
        guard program.count < Self.maximumCount else {
            throw PatternError(reason: "is too large with its repetitions written out")
        }
        program.append(instruction)
        return program.count - 1
    }
}
