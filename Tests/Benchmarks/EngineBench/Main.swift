import Glibc

/// Measurements of the engine's parts: `engine-bench database-reads URL [CONCURRENCY] [SECONDS]`.
@main enum Main {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.first == "database-reads", let url = arguments.dropFirst().first else {
            print("usage: engine-bench database-reads URL [CONCURRENCY] [SECONDS]")
            exit(2)
        }
        let numbers = arguments.dropFirst(2).compactMap(Int.init)
        try await DatabaseReads.run(
            url: url, concurrency: numbers.first ?? 32, seconds: numbers.dropFirst().first ?? 3)
    }
}
