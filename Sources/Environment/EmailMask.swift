/// An address as a log may hold it: `a***@example.com`. What is no address is masked as a whole.
package func maskedEmail(_ address: String) -> String {
    guard let at = address.lastIndex(of: "@") else { return "***" }
    return address.prefix(1) + "***" + address[at...]
}
