/// The instant that the `Date` header of an HTTP answer names: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
/// `nil` for what has another form, the two obsolete ones among it: "a sender MUST generate" this one.
package func milliseconds(httpDate text: String) -> Milliseconds? {
    let words = text.split(separator: " ")
    guard words.count == 6, words[0].utf8.count == 4, words[1].utf8.count == 2, words[3].utf8.count == 4,
        words[4].utf8.count == 8, words[5] == "GMT", let month = months.firstIndex(of: words[2])
    else { return nil }
    let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
    return milliseconds(rfc3339: "\(words[3])-\(number)-\(words[1])T\(words[4])Z")
}

private let months: [Substring] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
]
