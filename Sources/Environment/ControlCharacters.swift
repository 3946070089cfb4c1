/// UTF-8 text with each control character (U+0000 to U+001F, U+007F to U+009F) as `\u001b`, as JSON writes them.
///
/// A terminal takes orders from them, from those of two bytes too: U+009B means to it what ESC and a bracket mean. In JSON
/// text none of them stands outside of a string, so JSON stays what it was.
package func escapingControlCharacters(_ text: [UInt8]) -> [UInt8] {
    var escaped: [UInt8] = []
    for byte in text {
        // The first byte of U+0080 to U+00BF.
        let isSecond = escaped.last == 0xC2 && byte >= 0x80
        guard isSecond ? byte < 0xA0 : byte < 0x20 || byte == 0x7F else {
            escaped.append(byte)
            continue
        }
        if isSecond { escaped.removeLast() }
        escaped += (byte < 0x10 ? "\\u000" : "\\u00").utf8
        escaped += String(byte, radix: 16).utf8
    }
    return escaped
}

package func escapingControlCharacters(_ text: String) -> String {
    String(decoding: escapingControlCharacters(Array(text.utf8)), as: UTF8.self)
}
