/// The process: what it is told (`Options`), what it consists of (`Wiring`), and what it does (`Serve` and the commands).
@main
struct Main {
    static func main() async {
        let launch = Launch(arguments: Array(CommandLine.arguments.dropFirst()), environment: environmentVariables())
        await launch.run().leave()
    }
}
