import Foundation

/// A path in a folder of its own that goes away with the value.
final class TemporaryDatabase {
    let folder: String
    var path: String { folder + "/test.sqlite" }

    init() throws {
        folder = NSTemporaryDirectory() + "/sqlite-tests-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func mode(_ suffix: String = "") throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path + suffix)[.posixPermissions] as? Int
    }
}
