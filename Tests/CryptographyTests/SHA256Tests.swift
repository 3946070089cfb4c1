import Cryptography
import Testing

@Suite struct SHA256Tests {
    /// NIST's examples for SHA-256 (https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values)
    /// and the first byte-oriented short messages of its CAVP set (SHA256ShortMsg.rsp).
    @Test(
        "NIST's messages have NIST's digests",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("616263", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "6162636462636465636465666465666765666768666768696768696a68696a6b696a6b6c6a6b6c6d6b6c6d6e6c6d6e6f6d6e6f706e6f7071",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            ("d3", "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1"),
            ("11af", "5ca7133fa735326081558ac312c620eeca9970d1e70a4b95533d956f072d1f98"),
            ("b4190e", "dff2e73091f6c05e528896c4c831b9448653dc2ff043528f6769437bc7b975c2"),
            ("74ba2521", "b16aa56be3880d18cd41e68384cf1ec8c17680c45a02b1575dc1518923ae8b0e"),
            ("bd", "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"),
            ("c98c8e55", "7abc22c0ae5af26ce93dbb94433a0e0b2e119d014f8e7f65bd56c61ccccd9504"),
        ])
    func nist(message: String, digest: String) throws {
        #expect(Hexadecimal.text(SHA256.hash(try #require(Hexadecimal.bytes(message)))) == digest)
    }

    /// The padding's border cases, from the "Additional" examples of NIST: 55 and 56 bytes end in one block and in two.
    @Test(
        "A count of equal bytes has its digest",
        arguments: [
            (0x00, 55, "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7"),
            (0x00, 56, "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb"),
            (0x00, 57, "65a16cb7861335d5ace3c60718b5052e44660726da4cd13bb745381b235a1785"),
            (0x00, 64, "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b"),
            (0x00, 1000, "541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53"),
            (0x41, 1000, "c2e686823489ced2017f6059b8b239318b6364f6dcd835d0a519105a1eadd6e4"),
            (0x55, 1005, "f4d62ddec0f3dd90ea1380fa16a5ff8dc4c54b21740650f24afc4120903552b0"),
        ] as [(UInt8, Int, String)])
    func repeated(byte: UInt8, count: Int, digest: String) {
        #expect(Hexadecimal.text(SHA256.hash(repeatElement(byte, count: count))) == digest)
    }

    @Test("A message fed in pieces has the digest of the whole", arguments: [1, 3, 63, 64, 65, 127])
    func pieces(length: Int) {
        let message = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var hash = SHA256()
        for start in stride(from: 0, to: message.count, by: length) {
            hash.update(message[start..<min(start + length, message.count)])
        }
        #expect(hash.finish() == SHA256.hash(message))
    }
}
