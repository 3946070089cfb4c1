import HTTP
import Environment
import JSON

/// Reads the arguments: a command, and options as `--name value` or `--name=value` in any place.
///
/// An error names what is wrong and the nearest right thing. It quotes names only, never values: somebody may have
/// passed the key there.
struct OptionParser {
    /// The names that the parser knows.
    private enum Name: String, CaseIterable {
        case database, sandbox, deterministic, ordered, account, app, policy, fix
        case apiBase = "api-base"
        case apiKeyFile = "api-key-file"
        case webhookSecretFile = "webhook-secret-file"
        case caFile = "ca-file"
        case rateLimit = "rate-limit"
        case stripeWins = "stripe-wins"
        case pollInterval = "poll-interval"
        case maxInFlight = "max-in-flight"
        case keepKeys = "keep-keys"
        case logLevel = "log-level"
        case dryRun = "dry-run"
        case allowDestructive = "allow-destructive"

        var takesValue: Bool {
            switch self {
            case .sandbox, .deterministic, .ordered, .fix, .dryRun, .allowDestructive: false
            default: true
            }
        }
    }

    private enum CommandName: String, CaseIterable {
        case serve, migrate, sync, describe, client, reconcile, mcp, check
    }

    /// What is answered whatever else is given.
    private static let asked: [String: Options.Command] = [
        "--help": .help, "-h": .help, "help": .help, "--version": .version, "-V": .version, "-v": .version,
        "version": .version,
    ]

    let environment: [String: String]

    /// - Parameter arguments: without the name of the program.
    func parse(_ arguments: [String]) throws(StartFailure) -> Options {
        var options = Options()
        if let path = environment["STRIPE_CUSTOMERS_DATABASE"], !path.isEmpty {
            options.database = try databasePath(path, of: "STRIPE_CUSTOMERS_DATABASE")
        }
        var command: CommandName?
        var asked: Options.Command?
        var language: ClientLanguage?
        // What belongs to one command or another.
        var switches: Set<Name> = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            // `help sync` and `sync help` mean what they say.
            if let wanted = Self.asked[argument] {
                asked = asked == .help ? .help : wanted
                continue
            }
            guard argument.hasPrefix("-") else {
                if command == .client, language == nil {
                    language = try languageNamed(argument)
                    continue
                }
                if let command {
                    let isCommand = CommandName(rawValue: argument) != nil
                    throw usage(
                        isCommand
                            ? "only one command can be given"
                            : "\(command.rawValue) takes no such word; a file is given with --database PATH")
                }
                command = try commandNamed(argument)
                continue
            }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try optionNamed(String(parts[0]))
            var value = parts.count == 2 ? String(parts[1]) : nil
            if name.takesValue {
                value = value ?? rest.popFirst()
                guard let value, !value.isEmpty else { throw usage("--\(name.rawValue) needs a value") }
                try set(name, value, in: &options)
            } else if value != nil {
                throw usage("--\(name.rawValue) takes no value")
            } else {
                switch name {
                case .dryRun, .fix, .allowDestructive: switches.insert(name)
                case .sandbox: options.sandbox = true
                case .deterministic: options.deterministic = true
                default: options.ordered = true
                }
            }
        }
        if let asked {
            options.command = asked
        } else {
            options.command = try self.command(command ?? .serve, switches: switches, language: language)
        }
        if options.deterministic, !options.sandbox { throw usage("--deterministic needs --sandbox") }
        if options.deterministic, options.pollInterval != nil {
            throw usage("--poll-interval depends on time and can't be --deterministic")
        }
        return options
    }

    private func command(
        _ name: CommandName, switches: Set<Name>, language: ClientLanguage?
    ) throws(StartFailure) -> Options.Command {
        let isDryRun = switches.contains(.dryRun)
        if isDryRun, name != .migrate, name != .sync { throw usage("--dry-run belongs to migrate and sync") }
        if switches.contains(.fix), name != .reconcile { throw usage("--fix belongs to reconcile") }
        if switches.contains(.allowDestructive), name != .mcp { throw usage("--allow-destructive belongs to mcp") }
        switch name {
        case .migrate: return .migrate(dryRun: isDryRun)
        case .sync: return .sync(dryRun: isDryRun)
        case .reconcile: return .reconcile(fix: switches.contains(.fix))
        case .mcp: return .mcp(allowDestructive: switches.contains(.allowDestructive))
        case .describe: return .describe
        case .check: return .check
        case .client:
            guard let language else { throw usage("client takes a language: python, node or typescript") }
            return .client(language)
        case .serve: return .serve
        }
    }

    // MARK: - Names

    private func commandNamed(_ text: String) throws(StartFailure) -> CommandName {
        guard let name = CommandName(rawValue: text) else {
            throw unknown("command", text, nearest: nearest(text, in: CommandName.allCases.map(\.rawValue) + ["help"]))
        }
        return name
    }

    private func languageNamed(_ text: String) throws(StartFailure) -> ClientLanguage {
        if let language = ClientLanguage(rawValue: text) { return language }
        throw unknown("language", text, nearest: nearest(text, in: ClientLanguage.allCases.map(\.rawValue)))
    }

    private func optionNamed(_ text: String) throws(StartFailure) -> Name {
        if text.hasPrefix("--"), let name = Name(rawValue: String(text.dropFirst(2))) { return name }
        if Self.asked[text] != nil { throw usage("\(text) takes no value") }
        let names = Name.allCases.map { "--" + $0.rawValue } + ["--help", "--version"]
        // `--api-key` and `--rate` are the begin of one, which is further away than a slip.
        let begun = text.utf8.count > 3 ? names.filter { $0.hasPrefix(text) } : []
        throw unknown("option", text, nearest: nearest(text, in: names) ?? (begun.count == 1 ? begun[0] : nil))
    }

    // MARK: - Values

    private func set(_ name: Name, _ value: String, in options: inout Options) throws(StartFailure) {
        switch name {
        case .database: options.database = try databasePath(value, of: "--database")
        case .apiBase: options.apiBase = try endpoint(value)
        case .account:
            guard value.hasPrefix("acct_"), value.utf8.count > 5, value.utf8.dropFirst(5).allSatisfy(isAlphanumeric)
            else { throw usage("--account takes the id of a connected account, acct_…") }
            options.account = value
        case .app:
            guard (1...40).contains(value.utf8.count), value.utf8.allSatisfy(isNameByte) else {
                throw usage("--app takes a name of 1 to 40 of the characters a-z, 0-9 and -")
            }
            options.app = value
        case .apiKeyFile: options.apiKeyFile = value
        case .webhookSecretFile: options.webhookSecretFiles.append(value)
        case .caFile: options.certificateAuthorityFile = value
        case .policy: options.policyFile = value
        case .rateLimit: options.rateLimit = try number(name, value, 0...10_000, of: "calls a second")
        case .stripeWins:
            let fields = value.split(separator: ",").map(String.init)
            guard !fields.isEmpty, fields.allSatisfy(["email", "name", "phone"].contains) else {
                throw usage("--stripe-wins takes some of email,name,phone")
            }
            options.stripeWins = fields
        case .pollInterval: options.pollInterval = try number(name, value, 1...86_400, of: "seconds")
        case .keepKeys: options.keepKeys = try number(name, value, 1...3650, of: "days")
        case .maxInFlight: options.maxInFlight = try number(name, value, 1...100_000, of: "requests")
        case .logLevel:
            guard let level = Log.Level(name: value) else {
                throw usage("--log-level takes one of \(Log.Level.allCases.map(\.name).joined(separator: ", "))")
            }
            options.logLevel = level
        default: break
        }
    }

    private func number(
        _ name: Name, _ value: String, _ range: ClosedRange<Int>, of unit: String
    ) throws(StartFailure) -> Int {
        guard value.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int(value), range.contains(number)
        else {
            throw usage(
                "--\(name.rawValue) takes a whole number from \(range.lowerBound) to \(range.upperBound) (\(unit))")
        }
        return number
    }

    /// An https URL, or http to the loopback, with nothing but a path after the host: the key is sent there.
    private func endpoint(_ value: String) throws(StartFailure) -> String {
        guard !value.utf8.contains(UInt8(ascii: "?")), (try? HTTPTarget(url: value)) != nil else {
            throw usage("--api-base takes an https URL, or an http URL with a loopback address")
        }
        return value.hasSuffix("/") ? String(value.dropLast()) : value
    }

    /// It would be the name of a file and stand in messages, and a URL may have a password in it.
    private func databasePath(_ value: String, of option: String) throws(StartFailure) -> String {
        guard !PastedSecret.isSecret(value) else { throw PastedSecret.refusal(of: option, .usage) }
        guard !value.contains("://") else { throw usage("\(option) takes the path of an SQLite file, not a URL") }
        return value
    }

    private func isNameByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || byte == UInt8(ascii: "-")
    }

    private func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: false
        }
    }

    // MARK: - Errors

    private func usage(_ message: String) -> StartFailure { StartFailure(.usage, message + " (see --help)") }

    private func unknown(_ what: String, _ text: String, nearest: String?) -> StartFailure {
        // Only what looks like a name is quoted.
        let isName =
            text.utf8.count <= 30 && text.utf8.allSatisfy { $0 == UInt8(ascii: "-") || ($0 >= 97 && $0 <= 122) }
        let subject = isName ? "unknown \(what) \(text)" : "unknown \(what)"
        return usage(nearest.map { "\(subject), did you mean \($0)?" } ?? subject)
    }
}
