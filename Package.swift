// swift-tools-version: 6.2
import PackageDescription

// One section per layer, from the bottom up: a target may only depend on targets above it in this file.
// `swift build` needs libcurl's and SQLite's development files; `.ci/setup` installs them on Debian and Ubuntu.

// By name: what a manifest reads from a folder would be out of date whenever SwiftPM takes the manifest from its cache.
let migrations = [
    "V0001_users.sql", "V0002_customer_sync.sql", "V0003_users_triggers.sql", "V0004_stripe_events.sql",
    "V0005_audit.sql", "V0006_changes_under_way.sql", "V0007_registrations_under_keys.sql",
    "V0008_event_effects.sql", "V0009_sealed_changes.sql", "V0010_customers_of_intents.sql",
    "V0011_calls_of_earlier_lives.sql", "V0012_application_mark.sql", "V0013_proofs_of_customers.sql",
    "V0014_host_keys.sql", "V0015_refused_fields.sql", "V0016_heartbeats.sql",
]

let package = Package(
    name: "stripe-customers",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "stripe-customers", targets: ["stripe-customers"])],
    targets: [
        // MARK: System libraries
        .systemLibrary(
            name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]),
        .systemLibrary(
            name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"]), .brew(["sqlite"])]),

        // MARK: What everything stands on: values, and what the process takes from outside (time, randomness, the log)
        .target(name: "JSON"),
        .target(name: "Environment", dependencies: ["JSON"]),
        .target(name: "Cryptography"),

        // MARK: The wire to the host
        .target(name: "StandardIO"),
        .target(name: "JSONRPC", dependencies: ["JSON"]),
        .target(name: "JSONSchema", dependencies: ["JSON"]),

        // MARK: What can be called
        .target(name: "Interface", dependencies: ["JSON", "JSONRPC"]),
        .target(name: "CClients", exclude: ["runtime.mjs", "runtime.py"]),
        .target(name: "Clients", dependencies: ["CClients", "Interface", "JSON"]),

        // MARK: Who may do what
        .target(name: "AccessPolicy", dependencies: ["Interface", "JSON", "JSONSchema"]),

        // MARK: The database
        .target(name: "SQLite", dependencies: ["CSQLite"]),
        .target(name: "Migrations", path: "Migrations", resources: embedded(migrations)),
        .target(name: "CustomerStore", dependencies: ["Cryptography", "Environment", "JSON"]),
        .target(name: "StoreSQL", dependencies: ["CustomerStore", "Environment", "JSON"]),
        .target(
            name: "SQLiteStore",
            dependencies: ["Cryptography", "CustomerStore", "Environment", "Migrations", "SQLite", "StoreSQL"]),

        // MARK: The wire to Stripe
        .target(name: "HTTP", dependencies: ["CCurl", "Environment"]),
        .target(name: "Stripe", dependencies: ["Environment", "HTTP", "JSON"]),
        .target(name: "Sandbox", dependencies: ["Environment", "HTTP", "JSON", "SQLite"]),

        // MARK: What it is all for
        .target(
            name: "CustomerService",
            dependencies: [
                "AccessPolicy", "Cryptography", "CustomerStore", "Environment", "Interface", "JSON", "Stripe",
            ]),

        // MARK: The process
        .target(
            name: "Server",
            dependencies: ["Environment", "Interface", "JSON", "JSONRPC", "JSONSchema", "StandardIO"]),
        .target(
            name: "ModelContextProtocol",
            dependencies: ["Interface", "JSON", "JSONRPC", "JSONSchema", "Server"]),
        .executableTarget(
            name: "stripe-customers",
            dependencies: [
                "AccessPolicy", "Clients", "Cryptography", "CustomerService", "CustomerStore", "Environment", "HTTP",
                "Interface", "JSON", "JSONSchema", "ModelContextProtocol", "SQLiteStore", "Sandbox", "Server",
                "StandardIO",
                "Stripe",
            ]),

        // MARK: Tests
        .target(
            name: "TestSupport", dependencies: ["Environment", "HTTP", "JSON", "Sandbox", "SQLite"]),
        .testTarget(name: "JSONTests", dependencies: ["JSON"], exclude: ["differential.py"]),
        .testTarget(name: "CryptographyTests", dependencies: ["Cryptography"]),
        .testTarget(name: "EnvironmentTests", dependencies: ["Environment"]),
        .testTarget(name: "JSONRPCTests", dependencies: ["JSON", "JSONRPC"]),
        .testTarget(name: "JSONSchemaTests", dependencies: ["JSON", "JSONSchema"]),
        .testTarget(name: "AccessPolicyTests", dependencies: ["AccessPolicy", "CustomerService", "Interface", "JSON"]),
        .testTarget(name: "SQLiteTests", dependencies: ["SQLite"]),
        .testTarget(name: "HTTPTests", dependencies: ["HTTP", "TestSupport"]),
        .testTarget(name: "StripeTests", dependencies: ["Environment", "HTTP", "JSON", "Stripe", "TestSupport"]),
        .testTarget(name: "SandboxTests", dependencies: ["Environment", "HTTP", "JSON", "Sandbox", "TestSupport"]),
        .testTarget(
            name: "CustomerStoreTests",
            dependencies: [
                "CustomerStore", "Environment", "JSON", "Migrations", "SQLite", "SQLiteStore", "StoreSQL",
                "TestSupport",
            ]),
        .testTarget(name: "EngineTests", dependencies: ["CustomerStore", "Environment", "JSON", "SQLiteStore"]),
        .testTarget(
            name: "CustomerServiceTests",
            dependencies: [
                "Cryptography", "CustomerService", "CustomerStore", "Environment", "HTTP", "Interface", "JSON",
                "Sandbox", "SQLite", "SQLiteStore", "Stripe", "TestSupport",
            ]),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "AccessPolicy", "CustomerService", "Environment", "Interface", "JSON", "JSONRPC", "JSONSchema",
                "Server",
                "StandardIO",
            ]),
        // Their scripts run in Python and Node, whose files SwiftPM would take for resources.
        .testTarget(
            name: "ClientTests", dependencies: ["JSON", "TestSupport", "stripe-customers"],
            exclude: [
                "flask_app.py", "node.d.ts", "node_app.mjs", "node_cases.mjs", "python_cases.py", "usage.ts",
            ]),
        .testTarget(
            name: "MCPTests", dependencies: ["JSON", "TestSupport", "stripe-customers"], exclude: ["session.py"]),
        .testTarget(
            name: "ProcessTests",
            dependencies: [
                "AccessPolicy", "Cryptography", "CustomerService", "Environment", "HTTP", "Interface", "JSON",
                "JSONSchema",
                "SQLite", "TestSupport", "stripe-customers",
            ],
            exclude: ["localstripe_server.py", "twoway.py"]),
    ],
    swiftLanguageModes: [.v6],
    // C23, for the `#embed` in CClients.
    cLanguageStandard: .gnu2x
)

// `.ci/fuzz` sets this. The flag instruments every target, and the fuzzer's library exists only in toolchains that have
// sanitizers, so an ordinary build knows nothing of it.
if Context.environment["STRIPE_CUSTOMERS_FUZZING"] != nil {
    package.targets += [
        .systemLibrary(name: "CLibFuzzer", path: "Tests/Fuzz/CLibFuzzer"),
        .executableTarget(
            name: "LineFuzzer",
            dependencies: [
                "CLibFuzzer", "CustomerService", "CustomerStore", "Environment", "Interface", "JSON", "JSONRPC",
                "JSONSchema", "SQLiteStore", "Sandbox", "Server", "StandardIO", "Stripe",
            ],
            path: "Tests/Fuzz/LineFuzzer", linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])]),
    ]
}

/// Compiled into the binary, so that nothing has to lie beside it at run time.
func embedded(_ files: [String]) -> [Resource] { files.map { .embedInCode($0) } }

// Each setting with the proposal that explains it.
for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .treatAllWarnings(as: .error),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
        .enableUpcomingFeature("ExistentialAny"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0409-access-level-on-imports.md
        .enableUpcomingFeature("InternalImportsByDefault"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0444-member-import-visibility.md
        .enableUpcomingFeature("MemberImportVisibility"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0461-async-function-isolation.md
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0470-isolated-conformances.md
        .enableUpcomingFeature("InferIsolatedConformances"),
    ]
}
