#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The name by which SQLite opens a database without changing a byte of it, nor of what lies beside it
/// (https://sqlite.org/uri.html).
///
/// A database with a write-ahead log can't simply be opened for reading: SQLite would make `-wal` and `-shm`. While somebody
/// has it open, or since somebody was killed, both are there, and `readonly_shm` has the index only read (or built anew in
/// memory). Without them nobody has it open, since the last who closes it removes them, and the file can count as immutable.
func unchangingURI(_ path: String) -> String {
    // SQLite names both after the file that symbolic links lead to.
    var path = path
    if let resolved = realpath(path, nil) {
        path = String(cString: resolved)
        free(resolved)
    }
    var query = "mode=ro"
    if usesWriteAheadLog(path) {
        let isInUse = access(path + "-wal", F_OK) == 0 && access(path + "-shm", F_OK) == 0
        query += isInUse ? "&readonly_shm=1" : "&immutable=1"
    }
    // An absolute path comes after an empty authority; any other must not be taken for one.
    return "file:" + (path.hasPrefix("/") ? "//" : "./") + escaped(path) + "?" + query
}

/// Byte 18 of the header: "2 for WAL" (https://sqlite.org/fileformat.html#file_format_version_numbers).
private func usesWriteAheadLog(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    // No connection of this process has the file open by now, whose locks this would drop
    // (https://sqlite.org/howtocorrupt.html, 2.2).
    defer { close(descriptor) }
    var header = [UInt8](repeating: 0, count: 20)
    return pread(descriptor, &header, header.count, 0) == header.count && header[18] == 2
}

private func escaped(_ path: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var result: [UInt8] = []
    for byte in path.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            result.append(byte)
        default: result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
    return String(decoding: result, as: UTF8.self)
}
