// RFC 3986, appendix A: https://www.rfc-editor.org/rfc/rfc3986#appendix-A

extension ByteScanner {
    /// `URI = scheme ":" hier-part [ "?" query ] [ "#" fragment ]`
    mutating func readURI() -> Bool {
        guard readScheme() else { return false }
        if attempt({ $0.skip("/") && $0.skip("/") }) {
            guard readAuthority() else { return false }
            // After an authority the path is empty or begins with a slash.
            guard isAtEnd || next.map(isOne(of: "/?#")) == true else { return false }
        }
        guard readText(isPathCharacter) else { return false }
        if skip("?"), !readText(isQueryCharacter) { return false }
        if skip("#"), !readText(isQueryCharacter) { return false }
        return true
    }

    private mutating func readScheme() -> Bool {
        guard skip(if: isLetter) else { return false }
        _ = readMany { isLetter($0) || isDigit($0) || isOne(of: "+-.")($0) }
        return skip(":")
    }

    /// `[ userinfo "@" ] host [ ":" port ]`
    private mutating func readAuthority() -> Bool {
        _ = attempt { $0.readText { isNameCharacter($0) || $0 == UInt8(ascii: ":") } && $0.skip("@") }
        guard skip("[") ? readAddress() && skip("]") : readText(isNameCharacter) else { return false }
        if skip(":") { _ = readMany(isDigit) }
        return true
    }

    private mutating func readAddress() -> Bool {
        guard skip("v") || skip("V") else { return readIPv6() }
        // IPvFuture
        return readMany(isHexDigit) > 0 && skip(".")
            && readMany { isUnreserved($0) || isSubDelimiter($0) || $0 == UInt8(ascii: ":") } > 0
    }

    /// Any number of wanted bytes and percent-encoded ones; false when an encoding is cut short.
    private mutating func readText(_ isWanted: (UInt8) -> Bool) -> Bool {
        while true {
            _ = readMany(isWanted)
            guard skip("%") else { return true }
            guard readMany(isHexDigit, upTo: 2) == 2 else { return false }
        }
    }
}

private func isUnreserved(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) || isOne(of: "-._~")(byte) }
private func isSubDelimiter(_ byte: UInt8) -> Bool { isOne(of: "!$&'()*+,;=")(byte) }
/// Of a `reg-name`.
private func isNameCharacter(_ byte: UInt8) -> Bool { isUnreserved(byte) || isSubDelimiter(byte) }
private func isPathCharacter(_ byte: UInt8) -> Bool { isNameCharacter(byte) || isOne(of: ":@/")(byte) }
private func isQueryCharacter(_ byte: UInt8) -> Bool { isPathCharacter(byte) || byte == UInt8(ascii: "?") }

// MARK: - IP addresses

extension ByteScanner {
    /// `IPv4address`: four numbers up to 255 without leading zeros.
    mutating func readIPv4() -> Bool {
        for index in 0..<4 {
            guard index == 0 || skip("."), let first = next, isDigit(first) else { return false }
            var number = 0
            var digits = 0
            while let digit = readNumber(digits: 1) {
                number = number * 10 + digit
                digits += 1
                guard number <= 255, digits == 1 || first != UInt8(ascii: "0") else { return false }
            }
        }
        return true
    }

    /// `IPv6address`: eight groups of up to four hexadecimal digits, some of which may be left out as `::`, and the last
    /// two of which may be an IPv4 address.
    mutating func readIPv6() -> Bool {
        let head = readGroups()
        guard attempt({ $0.skip(":") && $0.skip(":") }) else { return head.count == 8 }
        return !head.endsInIPv4 && head.count + readGroups().count < 8
    }

    /// None or more groups with a colon between them; an IPv4 address counts as two and is the last.
    private mutating func readGroups() -> (count: Int, endsInIPv4: Bool) {
        var count = 0
        while true {
            if attempt({ (count == 0 || $0.skip(":")) && $0.readIPv4() }) { return (count + 2, true) }
            guard attempt({ (count == 0 || $0.skip(":")) && $0.readMany(isHexDigit, upTo: 4) > 0 }) else {
                return (count, false)
            }
            count += 1
        }
    }
}
