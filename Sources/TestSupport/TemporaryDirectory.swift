import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A fresh directory of mode 0700 that is removed, with all it holds, when the last reference goes.
package final class TemporaryDirectory: Sendable {
    package let path: String
    private let isKept = Atomic(false)

    package init() throws(SystemError) {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array((parent + "/stripe-customers.XXXXXX").utf8CString)
        let made = mkdtemp(&template) != nil
        let code = errno
        guard made else { throw SystemError(call: "mkdtemp", code: code) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The path of a file in the directory, whether it exists or not.
    package func file(_ name: String) -> String { path + "/" + name }

    /// It stays when the last reference goes: somebody wants to look into it.
    package func keep() { isKept.store(true, ordering: .relaxed) }

    deinit {
        if !isKept.load(ordering: .relaxed) { try? FileManager.default.removeItem(atPath: path) }
    }
}
