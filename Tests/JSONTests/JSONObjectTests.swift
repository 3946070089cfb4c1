import JSON
import Testing

@Suite("JSON object") struct JSONObjectTests {
    /// Below, at and above the size from which an object has an index.
    static let sizes = [0, 1, 31, 32, 33, 34, 100]

    @Test("Members are found, replaced in place, appended and removed", arguments: sizes)
    func subscripts(size: Int) {
        var object = JSONObject((0..<size).map { JSONObject.Member("n\($0)", .number(JSONNumber($0))) })
        #expect(object.count == size)
        #expect(object["missing"] == nil)
        object["missing"] = nil
        #expect(object.count == size)

        object["new"] = "x"
        #expect(object["new"] == "x")
        #expect(object.members.last?.name == "new")
        for number in 0..<size { #expect(object["n\(number)"]?.int64 == Int64(number)) }

        if size > 0 {
            object["n0"] = "changed"
            #expect(object.members.first?.value == "changed")
            #expect(object.count == size + 1)
            object["n0"] = nil
            #expect(object["n0"] == nil)
        }
        object["new"] = nil
        #expect(object.count == max(0, size - 1))
        for number in 0..<size where number > 0 { #expect(object["n\(number)"]?.int64 == Int64(number)) }
        #expect(object.isEmpty == (size <= 1))
    }

    @Test("A JSON null is a member, a Swift nil removes one")
    func nulls() {
        var object: JSONObject = ["a": 1]
        object["a"] = .some(.null)
        #expect(object["a"]?.isNull == true)
        object["a"] = nil
        #expect(object.isEmpty)
    }

    @Test("Names that are only canonically equal are two members", arguments: [0, 40])
    func codePoints(others: Int) {
        var object = JSONObject((0..<others).map { JSONObject.Member("n\($0)", 0) })
        object["\u{E9}"] = "composed"
        object["e\u{301}"] = "decomposed"
        #expect(object.count == others + 2)
        #expect(object["\u{E9}"] == "composed")
        #expect(object["e\u{301}"] == "decomposed")
        #expect("\u{E9}" == "e\u{301}", "Swift's == takes them for one.")
        #expect(!sameCodePoints("\u{E9}", "e\u{301}"))
    }

    @Test("Copies are independent")
    func values() {
        let original = JSONObject((0..<20).map { JSONObject.Member("n\($0)", 0) })
        var copy = original
        copy["n3"] = nil
        copy["n4"] = 1
        #expect(original["n3"] == 0)
        #expect(original["n4"] == 0)
    }
}
