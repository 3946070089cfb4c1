/// The candidate that somebody who typed `name` most likely meant, for a "did you mean"; the first of equally near ones.
///
/// `nil` when nothing is near: a slip every third code point is allowed, and three at most. Also `nil` for a name of
/// more than 80 code points, so that the cost stays bounded whatever the host sends.
package func nearest(_ name: String, in candidates: some Sequence<String>) -> String? {
    let scalars = Array(name.unicodeScalars.prefix(81))
    guard scalars.count <= 80 else { return nil }
    let allowed = min(3, max(1, scalars.count / 3))
    return
        candidates
        .map { (candidate: $0, distance: editDistance(scalars, Array($0.unicodeScalars))) }
        .filter { $0.distance <= allowed }
        .min { $0.distance < $1.distance }?
        .candidate
}

/// How many code points to insert, remove, replace or swap with their neighbour to make `b` of `a` (the "optimal string
/// alignment" distance).
private func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
    var beforePrevious: [Int] = []
    var previous = Array(0...b.count)
    for i in a.indices {
        var current = [i + 1]
        for j in b.indices {
            var distance = min(previous[j] + (a[i] == b[j] ? 0 : 1), previous[j + 1] + 1, current[j] + 1)
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                distance = min(distance, beforePrevious[j - 1] + 1)
            }
            current.append(distance)
        }
        (beforePrevious, previous) = (previous, current)
    }
    return previous[b.count]
}
