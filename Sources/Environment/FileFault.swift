#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the system says to an error number, such as "Permission denied".
package func systemReason(_ code: Int32) -> String {
    strerror(code).map { String(cString: $0) } ?? "errno \(code)"
}

/// Why a database file can't be opened for reading and writing, in words that name what to mend; `nil` when nothing is
/// seen. SQLite itself says no more than "unable to open database file", and needs the directory as well as the file:
/// the write-ahead log is made beside it.
package func openingFault(_ path: String) -> String? {
    let directory = parent(of: path)
    var status = stat()
    guard stat(directory, &status) == 0 else {
        let code = errno
        return code == ENOENT
            ? "the directory \(directory) does not exist" : "the directory \(directory): \(systemReason(code))"
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { return "\(directory) is not a directory" }
    if stat(path, &status) == 0 {
        if status.st_mode & S_IFMT == S_IFDIR { return "it is a directory" }
        if access(path, R_OK | W_OK) != 0 { return "it can't be read and written: \(systemReason(errno))" }
    } else if errno != ENOENT {
        return systemReason(errno)
    }
    guard access(directory, W_OK | X_OK) == 0 else {
        return "the directory \(directory) can't be written: \(systemReason(errno))"
    }
    return nil
}

private func parent(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}
