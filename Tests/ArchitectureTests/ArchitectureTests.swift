import Foundation
import Testing

/// The repository that this test file lies in.
private let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// What `swift package describe` says, as far as it matters here.
private struct PackageDescription: Decodable {
    struct Dependency: Decodable {}
    struct Target: Decodable {
        var name: String
        var path: String
        var type: String
        var targetDependencies: [String]?
        var productDependencies: [String]?

        enum CodingKeys: String, CodingKey {
            case name, path, type
            case targetDependencies = "target_dependencies"
            case productDependencies = "product_dependencies"
        }
    }

    var dependencies: [Dependency]
    var targets: [Target]

    static func load() throws -> PackageDescription {
        let scratch = FileManager.default.temporaryDirectory.appending(path: "linli-describe-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: scratch) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "swift", "package", "--package-path", root.path, "--scratch-path", scratch.path, "describe", "--type", "json",
        ]
        // To a file: a server that another test starts at this moment may inherit a pipe, and would keep it open.
        let text = FileManager.default.temporaryDirectory.appending(path: "linli-package-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: text) }
        try Data().write(to: text)
        let output = try FileHandle(forWritingTo: text)
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try output.close()
        return try JSONDecoder().decode(PackageDescription.self, from: Data(contentsOf: text))
    }
}

/// The layers, lowest first: a module may use what is in a lower layer, or what its own row names beside it.
private let layers: [Set<String>] = [
    ["CLinux", "CLibPQ", "CCrypto"],
    ["EventLoop", "JSON", "Crypto", "HTTPCore"],
    ["Models"],
    ["HTTPServer", "HTTPClient", "Postgres"],
    ["ServiceKit"],
    ["Clients", "TestSupport"],
    ["Catalog", "Orders", "PaymentsSim", "Notifications", "Storefront"],
]

private func layer(of module: String) -> Int? {
    layers.firstIndex { $0.contains(module) }
}

/// Libraries of the toolchain and of the system that a source may import; everything else is ours or forbidden.
private let toolchainModules: Set<String> = [
    "Swift", "Glibc", "Dispatch", "Synchronization", "Foundation", "FoundationEssentials", "Testing",
    "PackageDescription",
]

@Suite
struct ArchitectureTests {
    @Test func `the package has no dependency on another package`() throws {
        let package = try PackageDescription.load()
        #expect(package.dependencies.isEmpty)
        let withProducts = package.targets.filter { !($0.productDependencies ?? []).isEmpty }.map(\.name)
        #expect(withProducts.isEmpty, "these targets use another package's products")
    }

    @Test func `every edge of the package points down the layers`() throws {
        let package = try PackageDescription.load()
        #expect(package.targets.count > 20)
        for target in package.targets where target.type != "test" && target.type != "executable" {
            let own = try #require(layer(of: target.name), "\(target.name) is in no layer: add it where it belongs")
            for dependency in target.targetDependencies ?? [] {
                let below = try #require(layer(of: dependency), "\(dependency) is in no layer")
                #expect(below < own, "\(target.name) must not depend on \(dependency)")
            }
        }
    }

    @Test func `no service depends on another, and only tests depend on TestSupport`() throws {
        let package = try PackageDescription.load()
        let services = try #require(layers.last)
        for target in package.targets {
            let used = Set(target.targetDependencies ?? [])
            if target.type != "test" { #expect(!used.contains("TestSupport"), "\(target.name) uses TestSupport") }
            // The command's tests look into the databases of all services, as the command does.
            if target.name == "LinliTests" { continue }
            let foreign = used.intersection(services).subtracting([
                target.name, target.name.replacing("Tests", with: ""), target.name.replacing("Main", with: ""),
            ])
            #expect(foreign.isEmpty, "\(target.name) uses the service \(foreign.sorted().joined(separator: ", "))")
        }
    }

    @Test func `every import in a source is declared by its target`() throws {
        let package = try PackageDescription.load()
        for target in package.targets where target.type != "system-target" {
            let allowed = toolchainModules.union(target.targetDependencies ?? []).union([target.name])
            for file in try swiftFiles(under: target.path, of: package.targets, except: target.path) {
                for module in imports(of: file) {
                    #expect(allowed.contains(module), "\(file.lastPathComponent) of \(target.name) imports \(module)")
                    let isTest = target.type == "test" || target.name == "TestSupport" || target.path.hasPrefix("Tests/")
                    #expect(module != "Foundation" || isTest, "\(file.lastPathComponent) imports Foundation: too heavy")
                }
            }
        }
    }

    @Test func `no SQL is built from strings`() throws {
        let pattern = try Regex(#""[^"]*\b(SELECT|INSERT INTO|UPDATE|DELETE FROM)\b[^"]*\\\("#)
        for folder in ["Services", "Shared"] {
            for file in allSwiftFiles(under: root.appending(path: folder)) {
                let text = try String(contentsOf: file, encoding: .utf8)
                #expect(text.firstMatch(of: pattern) == nil, "\(file.lastPathComponent) interpolates into SQL")
            }
        }
    }

    /// The sources of a target, without those of a target nested in its folder.
    private func swiftFiles(
        under path: String, of targets: [PackageDescription.Target], except own: String
    ) throws -> [URL] {
        let nested = targets.map(\.path).filter { $0 != own && $0.hasPrefix(own + "/") }
        return allSwiftFiles(under: root.appending(path: path)).filter { file in
            !nested.contains { file.path.contains("/\($0)/") }
        }
    }

    private func allSwiftFiles(under folder: URL) -> [URL] {
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        return (files?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "swift" }
    }

    private func imports(of file: URL) -> [String] {
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
        return text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").filter { !$0.hasPrefix("@") }
            guard let index = words.firstIndex(of: "import"), index <= 1, words.count > index + 1 else { return nil }
            if index == 1, !["public", "internal", "package", "private", "fileprivate"].contains(words[0]) { return nil }
            return words[index + 1].split(separator: ".").first.map(String.init)
        }
    }
}
