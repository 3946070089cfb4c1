// How texts that came from outside may be repeated in errors, logs and audit events.

/// An address as a log, an audit event or an error may hold it: `a***@example.com`, and `***@example.com` where the first
/// letter is the whole name. What is no address is masked as a whole.
package func maskedEmail(_ address: String) -> String {
    guard let at = address.lastIndex(of: "@") else { return "***" }
    let name = address[..<at]
    return (name.count > 1 ? name.prefix(1) : "") + "***" + address[at...]
}

/// A name or an id with what it may not hold masked: an address, a phone number, or a key of Stripe's that was put in the wrong place.
package func masked(_ name: String) -> String {
    let isSecret =
        ["sk_", "rk_", "whsec_"].contains(where: name.hasPrefix)
        // Also with something around it, such as the quotation marks of an environment file.
        || ["sk_live_", "sk_test_", "sk_org_", "rk_live_", "rk_test_", "whsec_"].contains(where: name.contains)
    if isSecret { return "***" }
    guard isPersonal(name) else { return name }
    return maskedEmail(name)
}

/// Whether an id says by its form whose it is: some hosts take addresses for ids, or phone numbers (`+` and digits).
package func isPersonal(_ id: String) -> Bool {
    let bytes = Array(id.utf8)
    if bytes.contains(UInt8(ascii: "@")) { return true }
    guard bytes.first == UInt8(ascii: "+") else { return false }
    return bytes.count { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } >= 6
}

/// A name (of a method, a member, a metadata key) as an error may quote it: whoever took an email for a key gets it back
/// masked, and what is longer than 80 code points is cut, so that no answer grows with what was wrong in the question.
package func quotable(_ name: String) -> String { masked(cut(name)) }

/// The first 80 code points, and `…` in place of the others.
package func cut(_ text: String) -> String {
    let scalars = text.unicodeScalars
    guard let end = scalars.index(scalars.startIndex, offsetBy: 80, limitedBy: scalars.endIndex), end < scalars.endIndex
    else { return text }
    return String(scalars[..<end]) + "…"
}
