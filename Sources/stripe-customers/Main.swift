#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The process: what it is told (`Options`), what it consists of (`Wiring`), and what it does (`Serve` and the commands).
@main
struct Main {
    static func main() {
        // On Linux, Swift reads the arguments from /proc. Without it there seem to be none, not even the program's name, and
        // the defaults would stand in for what the operator asked for.
        guard !CommandLine.arguments.isEmpty else {
            complain("can't read its own arguments: mount /proc")
            exit(ExitCode.configuration.rawValue)
        }
        Launch(arguments: Array(CommandLine.arguments.dropFirst()), environment: environmentVariables()).go()
    }
}
