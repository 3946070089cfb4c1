/// What a regular expression says, as a tree. Groups only group: nobody asks what they matched.
indirect enum PatternSyntax {
    /// One code point of the set.
    case set(ScalarSet)
    case assertion(Assertion)
    case sequence([PatternSyntax])
    case alternatives([PatternSyntax])
    /// `maximum: nil` is without end. Greedy or lazy makes no difference to whether there is a match.
    case repetition(PatternSyntax, minimum: Int, maximum: Int?)

    /// Something about a place between two code points. `^` and `$` are the ends of the text (there is no `m` flag).
    enum Assertion {
        case start, end, wordBoundary, noWordBoundary

        func holds(between before: Unicode.Scalar?, and after: Unicode.Scalar?) -> Bool {
            switch self {
            case .start: before == nil
            case .end: after == nil
            case .wordBoundary: isWord(before) != isWord(after)
            case .noWordBoundary: isWord(before) == isWord(after)
            }
        }

        private func isWord(_ scalar: Unicode.Scalar?) -> Bool { scalar.map(ScalarSet.word.contains) ?? false }
    }
}
