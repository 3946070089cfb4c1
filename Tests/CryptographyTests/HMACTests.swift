import Cryptography
import Testing

@Suite struct HMACTests {
    /// The seven test cases of RFC 4231, section 4; the fifth is cut to 128 bits.
    @Test(
        "RFC 4231's cases have RFC 4231's values",
        arguments: [
            (
                [UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xaa, count: 20), [UInt8](repeating: 0xdd, count: 50),
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
            ),
            (
                Array(0x01...0x19), [UInt8](repeating: 0xcd, count: 50),
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
            ),
            (
                [UInt8](repeating: 0x0c, count: 20), Array("Test With Truncation".utf8),
                "a3b6167473100ee06e0c796c2955552b"
            ),
            (
                [UInt8](repeating: 0xaa, count: 131),
                Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
            (
                [UInt8](repeating: 0xaa, count: 131),
                Array(
                    ("This is a test using a larger than block-size key and a larger than block-size data. The key needs "
                        + "to be hashed before being used by the HMAC algorithm.").utf8),
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
            ),
        ] as [([UInt8], [UInt8], String)])
    func rfc4231(key: [UInt8], message: [UInt8], value: String) {
        let whole = Hexadecimal.text(HMAC.authenticate(message, key: key))
        #expect(whole.prefix(value.utf8.count) == value)
    }

    @Test("One key authenticates many messages") func reuse() {
        let keyed = HMAC(key: Array("Jefe".utf8))
        #expect(keyed.authenticate("a".utf8) == HMAC.authenticate("a".utf8, key: Array("Jefe".utf8)))
        #expect(keyed.authenticate("b".utf8) == HMAC.authenticate("b".utf8, key: Array("Jefe".utf8)))
    }

    @Test("Equal bytes are equal, a difference in any place or length is not") func comparison() {
        let bytes: [UInt8] = [1, 2, 3, 4]
        #expect(equalInConstantTime(bytes, bytes))
        #expect(equalInConstantTime([], []))
        for index in bytes.indices {
            var other = bytes
            other[index] ^= 0x80
            #expect(!equalInConstantTime(bytes, other))
        }
        #expect(!equalInConstantTime(bytes, [1, 2, 3]))
        #expect(!equalInConstantTime(bytes, bytes + [0]))
    }

    @Test("Hexadecimal is read back, and only hexadecimal is", arguments: ["0", "0g", "+1", "é1", " 1"])
    func hexadecimal(text: String) {
        #expect(Hexadecimal.bytes(text) == nil)
        #expect(Hexadecimal.bytes("00Ff10") == [0, 255, 16])
        #expect(Hexadecimal.text([0, 255, 16]) == "00ff10")
    }
}
