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

/// The method that somebody who called `name` most likely meant: the one that does the same under another verb
/// (`createUser` is `registerUser`, nearer by letters to `updateUser`), else the nearest, else one of the same verb.
package func nearestMethod(_ name: String, in methods: [String]) -> String? {
    let isVerb = { (character: Character) in character.isLowercase }
    let camel = name.split(separator: "_").enumerated()
        .map { $0.offset == 0 ? String($0.element) : $0.element.prefix(1).uppercased() + $0.element.dropFirst() }
        .joined()
    let (verb, object) = (camel.prefix(while: isVerb), camel.drop(while: isVerb))
    for synonyms in synonymousVerbs where synonyms.contains(String(verb)) {
        if let meant = methods.first(where: { synonyms.map { $0 + object }.contains($0) }) { return meant }
    }
    return nearest(name, in: methods)
        ?? methods.first { object.first?.isUppercase == true && $0.prefix(while: isVerb) == verb }
}

private let synonymousVerbs = [
    ["create", "register", "add", "new", "insert"], ["get", "retrieve", "find", "fetch", "read"],
    ["update", "modify", "edit", "change"], ["delete", "remove", "destroy"],
]

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
