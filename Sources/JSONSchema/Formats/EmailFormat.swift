extension ByteScanner {
    /// `Mailbox` of RFC 5321, section 4.1.2: `local-part "@" ( Domain / address-literal )`. ASCII only; addresses in other
    /// scripts (RFC 6531) are the format `idn-email`.
    mutating func readMailbox() -> Bool {
        guard next == UInt8(ascii: "\"") ? readQuotedString() : readLabels(isAtomText), skip("@") else { return false }
        return next == UInt8(ascii: "[") ? readAddressLiteral() : readDomain()
    }

    /// One or more of these bytes, and again after each dot.
    private mutating func readLabels(_ isWanted: (UInt8) -> Bool) -> Bool {
        repeat {
            guard readMany(isWanted) > 0 else { return false }
        } while skip(".")
        return true
    }

    private mutating func readQuotedString() -> Bool {
        _ = skip("\"")
        while !skip("\"") {
            let isEscaped = skip("\\")
            guard skip(if: { (0x20...0x7E).contains($0) && (isEscaped || $0 != UInt8(ascii: "\"")) }) else {
                return false
            }
        }
        return true
    }

    /// Labels of letters, digits and hyphens, with no hyphen at either end.
    private mutating func readDomain() -> Bool {
        repeat {
            guard skip(if: isLetterOrDigit) else { return false }
            var last: UInt8?
            while let byte = next, isLetterOrDigit(byte) || byte == UInt8(ascii: "-") {
                last = byte
                _ = skip(if: { _ in true })
            }
            guard last != UInt8(ascii: "-") else { return false }
        } while skip(".")
        return true
    }

    /// `[127.0.0.1]` or `[IPv6:::1]`. Other kinds must be registered (section 4.1.3), and none is.
    private mutating func readAddressLiteral() -> Bool {
        guard skip("[") else { return false }
        let isIPv6 = attempt { scanner in
            "ipv6:".utf8.allSatisfy { wanted in
                scanner.skip(if: { $0 == wanted || isLetter($0) && $0 | 0x20 == wanted })
            }
        }
        return (isIPv6 ? readIPv6() : readIPv4()) && skip("]")
    }
}

private func isLetterOrDigit(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }

/// `atext` of RFC 5322, section 3.2.3.
private func isAtomText(_ byte: UInt8) -> Bool {
    isLetterOrDigit(byte) || isOne(of: "!#$%&'*+-/=?^_`{|}~")(byte)
}
