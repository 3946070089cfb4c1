import CLibFuzzer
import Glibc

/// Feeds the line handler what libFuzzer makes up. `.ci/fuzz` builds and runs it.
@main
struct LineFuzzer {
    static func main() {
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        exit(
            LLVMFuzzerRunDriver(&count, &arguments) { bytes, count in
                session.check(Array(UnsafeBufferPointer(start: bytes, count: count)))
                return 0
            })
    }
}

private let session = FuzzedSession()
