import Foundation
import JSON
import Testing

@Suite("Codable over the JSON tree") struct JSONCodingTests {
    private func text(_ value: some Encodable) throws -> String {
        String(decoding: try JSONValue(encoding: value).serialized(), as: UTF8.self)
    }

    private func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: text.utf8) }

    // MARK: Both ways

    struct Address: Codable, Equatable {
        var line1: String
        var city: String?
    }

    enum State: String, Codable { case active, archived }

    struct Customer: Codable, Equatable {
        var id: String
        var balance: Int64
        var rate: Double
        var livemode: Bool
        var state: State
        var address: Address?
        var locales: [String]
        var metadata: [String: String]
        var extra: JSONValue
        var object: JSONObject
        var amount: JSONNumber
    }

    @Test("A struct goes to the tree and back, with every kind of member")
    func roundTrip() throws {
        let customer = Customer(
            id: "cus_1", balance: -5, rate: 0.25, livemode: false, state: .archived,
            address: Address(line1: "1 Main", city: nil), locales: ["en", "de"], metadata: ["plan": "pro"],
            extra: ["b": [1, .null], "a": "x"], object: ["k": 1], amount: JSONNumber(text: "1.50"))
        let expected =
            #"{"id":"cus_1","balance":-5,"rate":0.25,"livemode":false,"state":"archived","address":{"line1":"1 Main"},"#
            + #""locales":["en","de"],"metadata":{"plan":"pro"},"extra":{"b":[1,null],"a":"x"},"object":{"k":1},"amount":1.50}"#
        #expect(try text(customer) == expected)
        #expect(try parse(expected).decoded(as: Customer.self) == customer)
    }

    @Test("Scalars and arrays may stand at the top")
    func topLevel() throws {
        #expect(try text("a") == "\"a\"")
        #expect(try text(1) == "1")
        #expect(try text(UInt64.max) == "18446744073709551615")
        #expect(try text([1, nil, 3]) == "[1,null,3]")
        #expect(try text(Int?.none) == "null")
        #expect(try text([[1], []]) == "[[1],[]]")
        #expect(try text([String: Int]()) == "{}")
        #expect(try parse("[1,null,3]").decoded(as: [Int?].self) == [1, nil, 3])
        #expect(try parse("null").decoded(as: Int?.self) == nil)
        #expect(try parse("18446744073709551615").decoded(as: UInt64.self) == .max)
        #expect(try parse(#"{"a":[1],"b":[]}"#).decoded(as: [String: [Int]].self) == ["a": [1], "b": []])
        #expect(try parse("\"archived\"").decoded(as: State.self) == .archived)
    }

    struct Nothing: Codable, Equatable {}

    @Test("A type without members is an empty object")
    func empty() throws {
        #expect(try text(Nothing()) == "{}")
        #expect(try parse("{}").decoded() == Nothing())
    }

    class Base: Codable {
        var a = 1
    }

    final class Derived: Base {
        var b = 2

        private enum CodingKeys: CodingKey { case b }

        override init() { super.init() }

        required init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            b = try container.decode(Int.self, forKey: .b)
            try super.init(from: container.superDecoder())
        }

        override func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(b, forKey: .b)
            try super.encode(to: container.superEncoder())
        }
    }

    @Test("A superclass has its own object")
    func superclass() throws {
        #expect(try text(Derived()) == #"{"b":2,"super":{"a":1}}"#)
        let value = try parse(#"{"b":3,"super":{"a":4}}"#).decoded(as: Derived.self)
        #expect((value.a, value.b) == (4, 3))
    }

    struct Nested: Codable, Equatable {
        var x: Int
        var list: [Int]

        private enum CodingKeys: String, CodingKey { case outer, list }
        private enum Inner: String, CodingKey { case x }

        init(x: Int, list: [Int]) {
            self.x = x
            self.list = list
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            x = try container.nestedContainer(keyedBy: Inner.self, forKey: .outer).decode(Int.self, forKey: .x)
            var items = try container.nestedUnkeyedContainer(forKey: .list)
            list = []
            #expect(items.count == 3)
            while !items.isAtEnd {
                if try items.decodeNil() { continue }
                var item = try items.nestedUnkeyedContainer()
                list.append(try item.decode(Int.self))
                #expect(throws: DecodingError.self) { try item.decode(Int.self) }
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            var items = container.nestedUnkeyedContainer(forKey: .list)
            var outer = container.nestedContainer(keyedBy: Inner.self, forKey: .outer)
            // Filled in turns: each stays where it was opened.
            for item in list {
                var nested = items.nestedUnkeyedContainer()
                try nested.encode(item)
            }
            try items.encodeNil()
            try outer.encode(x, forKey: .x)
        }
    }

    @Test("Nested containers may be filled in any order")
    func nested() throws {
        let value = Nested(x: 1, list: [2, 3])
        #expect(try text(value) == #"{"list":[[2],[3],null],"outer":{"x":1}}"#)
        #expect(try parse(#"{"list":[[2],[3],null],"outer":{"x":1}}"#).decoded() == value)
    }

    // MARK: Encoding

    @Test("A name that is encoded twice keeps its place and its last value")
    func encodedTwice() throws {
        struct Twice: Encodable {
            enum CodingKeys: CodingKey { case a, b }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encode(1, forKey: .a)
                try container.encode(2, forKey: .b)
                var again = encoder.container(keyedBy: CodingKeys.self)
                try again.encode("x", forKey: .a)
                try again.encodeNil(forKey: .b)
            }
        }
        #expect(try text(Twice()) == #"{"a":"x","b":null}"#)
    }

    @Test("What JSON can't say is an error that names its place", arguments: [Double.infinity, -.infinity, .nan])
    func notEncodable(value: Double) {
        #expect {
            try JSONValue(encoding: ["rates": [1, value]])
        } throws: { error in
            guard case EncodingError.invalidValue(_, let context) = error else { return false }
            return context.codingPath.map(\.stringValue) == ["rates", "1"]
        }
    }

    // MARK: Decoding

    struct Update: Decodable {
        var name: JSONValue?
        var phone: String?
    }

    @Test("A JSONValue member tells null from missing; any other is nil for both")
    func nullOrMissing() throws {
        #expect(try parse("{}").decoded(as: Update.self).name == nil)
        #expect(try parse(#"{"name":null,"phone":null}"#).decoded(as: Update.self).name == .some(.null))
        #expect(try parse(#"{"name":null,"phone":null}"#).decoded(as: Update.self).phone == nil)
        #expect(try parse(#"{"name":"x","phone":"1"}"#).decoded(as: Update.self).phone == "1")
    }

    @Test("Whole numbers decode however they are spelled", arguments: ["1", "1.0", "1e0", "10e-1"])
    func wholeNumbers(text: String) throws {
        #expect(try parse(text).decoded(as: Int.self) == 1)
        #expect(try parse(text).decoded(as: UInt8.self) == 1)
        #expect(try parse(text).decoded(as: Double.self) == 1)
    }

    @Test("A number that isn't whole or doesn't fit is an error", arguments: ["1.5", "256", "-1", "1e400", "1e-1"])
    func outOfRange(text: String) throws {
        let value = try parse(text)
        let error = #expect(throws: DecodingError.self) { try value.decoded(as: UInt8.self) }
        guard case .dataCorrupted = error else { return #expect(Bool(false), "\(String(describing: error))") }
    }

    @Test("A Double that would be infinite is an error")
    func infinite() throws {
        #expect(throws: DecodingError.self) { try parse("1e400").decoded(as: Double.self) }
        #expect(throws: DecodingError.self) { try parse("1e39").decoded(as: Float.self) }
        #expect(try parse("1e39").decoded(as: Double.self) == 1e39)
    }

    @Test(
        "A value of another kind is an error that names its place and quotes nothing",
        arguments: [
            (#"{"id":"x","list":[1,"secret"]}"#, ["list", "1"]), (#"{"id":1,"list":[]}"#, ["id"]),
            (#"{"id":null,"list":[]}"#, ["id"]), (#"{"id":"x"}"#, []), (#"{"id":"x","list":{}}"#, ["list"]),
            (#"{"id":"x","list":[true]}"#, ["list", "0"]), (#"{"id":["secret"],"list":[]}"#, ["id"]), ("[]", []),
            ("\"secret\"", []),
        ] as [(String, [String])])
    func mismatches(text: String, path: [String]) throws {
        struct Target: Decodable {
            var id: String
            var list: [Int]
        }
        let value = try parse(text)
        let error = try #require(throws: DecodingError.self) { try value.decoded(as: Target.self) }
        let context: DecodingError.Context
        switch error {
        case .typeMismatch(_, let found), .valueNotFound(_, let found), .keyNotFound(_, let found),
            .dataCorrupted(let found):
            context = found
        @unknown default: return #expect(Bool(false))
        }
        #expect(context.codingPath.map(\.stringValue) == path)
        #expect(!context.debugDescription.contains("secret"))
    }

    @Test("Any other error of a type's own is wrapped")
    func ownErrors() throws {
        struct Refused: Error {}
        struct Target: Decodable {
            init(from decoder: any Decoder) throws { throw Refused() }
        }
        let error = #expect(throws: DecodingError.self) { try JSONValue.null.decoded(as: Target.self) }
        guard case .dataCorrupted(let context) = error else { return #expect(Bool(false)) }
        #expect(context.underlyingError is Refused)
    }

    @Test("All keys come in the order in which they were written")
    func allKeys() throws {
        struct Names: Decodable {
            struct Key: CodingKey {
                var stringValue: String
                var intValue: Int? { nil }
                init?(stringValue: String) { self.stringValue = stringValue }
                init?(intValue: Int) { nil }
            }
            var names: [String]
            init(from decoder: any Decoder) throws {
                names = try decoder.container(keyedBy: Key.self).allKeys.map(\.stringValue)
            }
        }
        #expect(try parse(#"{"z":1,"a":2,"m":3}"#).decoded(as: Names.self).names == ["z", "a", "m"])
    }

    // MARK: Beside Foundation's coders

    @Test("Foundation's coders refuse a tree")
    func otherCoders() {
        #expect(throws: EncodingError.self) { try JSONEncoder().encode(["a": JSONValue.null]) }
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(JSONValue.self, from: Data("null".utf8)) }
    }

    struct Accented: Decodable {
        let composed: Int?
        let decomposed: Int?

        enum CodingKeys: String, CodingKey {
            case composed = "\u{E9}"
            case decomposed = "x"

            var stringValue: String { self == .composed ? "\u{E9}" : "e\u{301}" }
            init?(stringValue: String) { nil }
        }
    }

    @Test("Canonically equal names stay apart, where Foundation's decoder merges them")
    func canonicallyEqualNames() throws {
        let text = "{\"\u{E9}\":1,\"e\u{301}\":2}"
        let ours = try parse(text).decoded(as: Accented.self)
        #expect(ours.composed == 1)
        #expect(ours.decomposed == 2)
        let theirs = try JSONDecoder().decode(Accented.self, from: Data(text.utf8))
        #expect(theirs.composed == theirs.decomposed, "Foundation: \(theirs)")
        #expect(try JSONDecoder().decode([String: Int].self, from: Data(text.utf8)).count == 1)
        #expect(try parse(text).decoded(as: JSONObject.self).count == 2)
    }

    @Test("Foundation's decoder keeps the first of two equal names, which our parser refuses")
    func repeatedNames() throws {
        let text = #"{"a":1,"a":2}"#
        #expect(try JSONDecoder().decode([String: Int].self, from: Data(text.utf8)) == ["a": 1])
        #expect(throws: JSONSyntaxError.self) { try parse(text) }
    }
}
