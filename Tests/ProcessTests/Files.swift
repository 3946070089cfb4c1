import Glibc
import TestSupport

extension String {
    func write(to path: String) throws {
        guard let file = fopen(path, "w") else { throw CannotWrite() }
        defer { fclose(file) }
        fputs(self, file)
    }
}

/// Adds to a file of the folder, which it makes when there is none.
func appendFile(_ name: String, _ text: String, in directory: TemporaryDirectory) throws {
    guard let file = fopen(directory.file(name), "a") else { throw CannotWrite() }
    defer { fclose(file) }
    fputs(text + "\n", file)
}

struct CannotWrite: Error {}

/// The whole of a file, empty when there is none.
func contents(of path: String) -> [UInt8] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var contents: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { contents += buffer[..<count] }
    return contents
}
