// swift-tools-version: 6.2
import PackageDescription

// One place for every target. Dependencies point one way (see Tests/ArchitectureTests, which fails on any other edge):
// Services -> Clients, ServiceKit -> Postgres, HTTP, Crypto -> EventLoop, JSON, Models.

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .treatAllWarnings(as: .error),
]

/// The modules that every request passes through do not check for overlapping access at run time in release builds (a
/// tenth of their instructions); debug builds, and so every test, do.
let innermost: Set<String> = ["EventLoop", "HTTPCore", "HTTPServer"]
let uncheckedAccess: [SwiftSetting] = [
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))
]

/// What every service may use: the toolkit, the typed clients of its neighbours, and what those are made of.
let serviceDependencies: [Target.Dependency] = [
    "ServiceKit", "Clients", "Postgres", "HTTPServer", "HTTPClient", "HTTPCore", "Crypto", "EventLoop", "JSON", "Models",
    "CLinux",
]

/// A module under `Shared/`, with its unit tests under `Tests/<name>Tests`.
func shared(
    _ name: String, _ dependencies: [Target.Dependency] = [], testing: [Target.Dependency] = [], tested: Bool = true
) -> [Target] {
    let library = Target.target(
        name: name, dependencies: dependencies, path: "Shared/\(name)", exclude: ["README.md"],
        swiftSettings: strict + (innermost.contains(name) ? uncheckedAccess : []))
    guard tested else { return [library] }
    return [
        library,
        .testTarget(
            name: "\(name)Tests", dependencies: [.init(stringLiteral: name), "TestSupport"] + dependencies + testing,
            path: "Tests/\(name)Tests", swiftSettings: strict),
    ]
}

/// A service: a library with everything, a ten-line executable named as the folder, and its component tests.
func service(_ folder: String, module: String) -> [Target] {
    [
        .target(
            name: module, dependencies: serviceDependencies, path: "Services/\(folder)",
            exclude: ["README.md", "Main"] + (folder == "storefront" ? ["Static"] : []),
            resources: [.embedInCode("Migrations"), .embedInCode("openapi.yaml")],
            swiftSettings: strict),
        .executableTarget(
            name: "\(module)Main", dependencies: [.init(stringLiteral: module), "ServiceKit"],
            path: "Services/\(folder)/Main", swiftSettings: strict),
        .testTarget(
            name: "\(module)Tests", dependencies: [.init(stringLiteral: module), "TestSupport"] + serviceDependencies,
            path: "Tests/\(module)Tests", swiftSettings: strict),
    ]
}

let edges: [Target] = [
    .target(name: "CLinux", path: "Shared/CLinux"),
    .systemLibrary(name: "CLibPQ", path: "Shared/CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .target(name: "CCrypto", path: "Shared/CCrypto", linkerSettings: [.linkedLibrary("crypto")]),
]

let modules: [[Target]] = [
    shared("EventLoop", ["CLinux"]),
    shared("JSON"),
    shared("Models", ["JSON"]),
    shared("Crypto", ["CCrypto"]),
    shared("HTTPCore"),
    shared("HTTPServer", ["HTTPCore", "EventLoop", "CLinux", "JSON", "Models"]),
    shared("HTTPClient", ["HTTPCore", "EventLoop", "CLinux"], testing: ["HTTPServer"]),
    shared("Postgres", ["EventLoop", "CLibPQ", "CLinux", "Models"]),
    shared(
        "ServiceKit",
        ["HTTPServer", "HTTPClient", "HTTPCore", "Postgres", "Crypto", "EventLoop", "JSON", "Models", "CLinux"]),
    shared("Clients", ["CLinux", "ServiceKit", "HTTPClient", "HTTPCore", "Crypto", "JSON", "Models", "EventLoop"], tested: false),
    shared(
        "TestSupport",
        ["ServiceKit", "HTTPServer", "HTTPClient", "HTTPCore", "Postgres", "EventLoop", "JSON", "Models", "CLinux"],
        tested: false),
]

let services: [[Target]] = [
    service("catalog", module: "Catalog"),
    service("orders", module: "Orders"),
    service("payments-sim", module: "PaymentsSim"),
    service("notifications", module: "Notifications"),
    service("storefront", module: "Storefront"),
]

/// The engine by itself as a process: some of its tests need one.
let engine: [Target] = [
    .executableTarget(
        name: "EngineBench",
        dependencies: [
            "ServiceKit", "Postgres", "HTTPServer", "HTTPClient", "HTTPCore", "EventLoop", "JSON", "Models", "Crypto",
            "CLinux",
        ],
        path: "Tests/Benchmarks/EngineBench", swiftSettings: strict),
]

let tools: [Target] = [
    .executableTarget(
        name: "LinliCommand",
        dependencies: ["ServiceKit", "Clients", "Postgres", "HTTPClient", "HTTPCore", "EventLoop", "JSON", "Models"],
        path: "deploy/linli", swiftSettings: strict),
    .testTarget(
        name: "LinliTests",
        dependencies: [
            "LinliCommand", "TestSupport", "Catalog", "Orders", "PaymentsSim", "Notifications", "Storefront", "ServiceKit",
            "HTTPServer", "HTTPClient", "HTTPCore", "Postgres", "EventLoop", "JSON", "Models",
        ],
        path: "Tests/LinliTests", swiftSettings: strict),
    .executableTarget(
        name: "JSONBench", dependencies: ["JSON", "Models"], path: "Tests/Benchmarks/JSONBench",
        swiftSettings: strict),
    .testTarget(
        name: "ArchitectureTests", dependencies: [], path: "Tests/ArchitectureTests", swiftSettings: strict),
    .testTarget(
        name: "ContractTests", dependencies: ["TestSupport", "HTTPClient", "HTTPCore", "EventLoop", "JSON", "Models"],
        path: "Tests/ContractTests", exclude: ["contracts.py", "suite"], swiftSettings: strict),
    .testTarget(
        name: "FlowTests",
        dependencies: [
            "TestSupport", "Clients", "HTTPClient", "HTTPCore", "EventLoop", "Postgres", "JSON", "Models", "ServiceKit",
        ],
        path: "Tests/FlowTests",
        exclude: [
            "alipay_client.py", "bad_input.py", "card_client.py", "certificates.py", "fault_plans.py",
            "fault_run.py", "gateway_rehearsal.py", "main_flow.py", "official_alipay.py", "replay.py", "wechat_client.py",
        ],
        swiftSettings: strict),
]

/// `LINLI_ENGINE_ONLY=1`: the shared modules and their tests alone, which is what the sanitizers look at.
let isEngineOnly = Context.environment["LINLI_ENGINE_ONLY"] != nil

let package = Package(
    name: "linli",
    products: isEngineOnly
        ? [.executable(name: "engine-bench", targets: ["EngineBench"])]
        : [
            .executable(name: "catalog", targets: ["CatalogMain"]),
            .executable(name: "orders", targets: ["OrdersMain"]),
            .executable(name: "payments-sim", targets: ["PaymentsSimMain"]),
            .executable(name: "notifications", targets: ["NotificationsMain"]),
            .executable(name: "storefront", targets: ["StorefrontMain"]),
            .executable(name: "linli", targets: ["LinliCommand"]),
            .executable(name: "engine-bench", targets: ["EngineBench"]),
            .executable(name: "json-bench", targets: ["JSONBench"]),
        ],
    targets: edges + modules.flatMap { $0 } + engine + (isEngineOnly ? [] : services.flatMap { $0 } + tools)
)
