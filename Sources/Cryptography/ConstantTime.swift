/// Whether both hold the same bytes, in a time that tells nothing about where they differ: every byte is compared,
/// since a comparison that stops early lets a forger find a signature byte by byte. The length isn't secret.
@inline(never)
package func equalInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices { difference |= left[index] ^ right[index] }
    return difference == 0
}
