import JSON
import Testing

@Suite("JSON number") struct JSONNumberTests {
    private static func number(_ text: String) -> JSONNumber { JSONNumber(text: text) }

    @Test(
        "A whole number in range is an Int64 however it is spelled",
        arguments: [
            ("0", 0), ("-0", 0), ("0.0", 0), ("0e999999999999999999999", 0), ("1", 1), ("1.0", 1), ("1e2", 100),
            ("100e-2", 1),
            ("-2.50E1", -25), ("1e0", 1), ("0.001e3", 1), ("0.0010e4", 10), ("9223372036854775807", Int64.max),
            ("-9223372036854775808", Int64.min), ("-9.223372036854775808e18", Int64.min),
            ("922337203685477580.70e1", .max),
            ("1500000000000000000000e-20", 15),
        ])
    func int64(text: String, value: Int64) {
        #expect(Self.number(text).int64 == value)
        #expect(Self.number(text).isInteger)
    }

    @Test(
        "What is not whole or out of range is no Int64",
        arguments: [
            ("1.5", false), ("1e-1", false), ("-0.1", false), ("15e-1", false), ("1e-999999999", false),
            ("9223372036854775808", true), ("-9223372036854775809", true), ("1e19", true), ("1e999999999", true),
            ("1e99999999999999999999999", true), ("123456789012345678901234567890.0", true),
            ("0.1e-99999999999999999999999", false),
        ])
    func notInt64(text: String, isInteger: Bool) {
        #expect(Self.number(text).int64 == nil)
        #expect(Self.number(text).isInteger == isInteger)
    }

    @Test("A Double is the nearest one, and none beyond its range")
    func double() {
        #expect(Self.number("0.1").double == 0.1)
        #expect(Self.number("-0").double == 0)
        #expect(Self.number("1e-400").double == 0)
        #expect(Self.number("1e400").double == nil)
        #expect(JSONNumber(0.1)?.text == "0.1")
        #expect(JSONNumber(1e300)?.text == "1e+300")
        #expect(JSONNumber(Float(0.1))?.text == "0.1")
        #expect(JSONNumber(Double.infinity) == nil)
        #expect(JSONNumber(Double.nan) == nil)
    }

    /// In ascending order; the numbers of one row are equal.
    static let ascending: [[String]] = [
        ["-1e99999999999"], ["-1e999999999", "-10e999999998"], ["-123456789012345678901234567890"],
        ["-9223372036854775809"],
        ["-9223372036854775808", "-9223372036854775808.0"], ["-2"], ["-1.5", "-15e-1", "-0.15E+1"], ["-1"], ["-0.1"],
        ["-1e-999999999"], ["0", "-0", "0.0", "-0e5", "0e999999999999999999999", "0.000"], ["1e-99999999999"],
        ["1e-400"],
        ["0.1", "1e-1", "0.10", "100E-3"], ["0.10000000000000000000000001"],
        ["1", "1.0", "1e0", "10e-1", "0.01e2", "1.000"],
        ["1.0000000000000000000000000000001"], ["9007199254740992"], ["9007199254740993", "9007199254740993.0"],
        ["9223372036854775807"], ["9223372036854775808", "9223372036854775.808e3"], ["123456789012345678901234567890"],
        ["123456789012345678901234567891", "123456789012345678901234567891.00"], ["1e400", "1000e397"], ["1e999999999"],
        ["1.1e999999999", "11e999999998"], ["1e99999999999"],
    ]

    @Test("Numbers compare and hash by value, exactly, whatever their size")
    func comparison() {
        let numbers = Self.ascending.enumerated().flatMap { rank, row in row.map { (rank, Self.number($0)) } }
        for (rankA, a) in numbers {
            for (rankB, b) in numbers {
                #expect((a == b) == (rankA == rankB), "\(a.text) == \(b.text)")
                #expect((a < b) == (rankA < rankB), "\(a.text) < \(b.text)")
                if rankA == rankB { #expect(a.hashValue == b.hashValue, "\(a.text), \(b.text)") }
            }
        }
        #expect(Set(numbers.map(\.1)).count == Self.ascending.count)
    }

    @Test(
        "multipleOf is exact for decimals, large numbers and large exponents",
        arguments: [
            ("10", "2", true), ("7", "2", false), ("0", "3", true), ("-6", "3", true), ("6", "-3", true),
            ("1", "1.0", true),
            ("4.5", "1.5", true), ("35", "1.5", false), ("0.0075", "0.0001", true), ("0.00751", "0.0001", false),
            ("0.3", "0.1", true), ("19.99", "0.01", true), ("19.999", "0.01", false), ("1e308", "0.123456789", false),
            ("1e308", "0.5", true), ("1e308", "1024", true), ("1e308", "3", false), ("3e308", "3", true),
            ("12391239123", "1e-8", true), ("1e999999999", "8", true), ("1e999999999", "7", false),
            ("5", "1e999999999", false),
            ("1", "1e-999999999", true), ("9007199254740993", "2", false), ("9007199254740992", "2", true),
            ("0.5", "1", false),
            ("123456789012345678901234567890", "10", true), ("123456789012345678901234567891", "10", false),
            ("1e3", "125", true), ("1e2", "125", false), ("5", "0", false), ("0", "0", false), ("1e1", "2.5", true),
            ("36893488147419103232", "18446744073709551616", true),
            ("36893488147419103233", "18446744073709551616", false),
            ("123456789012345678901234567890", "-123456789012345678901234567890.0", true),
            ("1e40", "18446744073709551616", false), ("1e64", "18446744073709551616", true),
            ("1e63", "18446744073709551616", false),
            ("999999999999999999", "999999999999999999", true), ("12345678987654321", "111111111", true),
        ] as [(String, String, Bool)])
    func multiples(text: String, divisor: String, expected: Bool) {
        #expect(Self.number(text).isMultiple(of: Self.number(divisor)) == expected)
    }

    @Test("Multiples of random numbers are multiples, and their neighbours are not")
    func randomMultiples() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let divisor = UInt128.random(in: 2...(UInt128(1) << UInt128.random(in: 2...96)), using: &random)
            let factor = UInt128.random(in: 0...0xFFFF_FFFF, using: &random)
            let number = JSONNumber(divisor)
            #expect(JSONNumber(divisor * factor).isMultiple(of: number), "\(divisor) * \(factor)")
            #expect(!JSONNumber(divisor * factor + 1).isMultiple(of: number), "\(divisor) * \(factor) + 1")
        }
    }
}
