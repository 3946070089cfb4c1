/// The process: what it is told (`Options`), what it consists of (`Wiring`), and what it does (`Serve` and the commands).
@main
struct Main {
    static func main() {
        Launch(arguments: Array(CommandLine.arguments.dropFirst()), environment: environmentVariables()).go()
    }
}
