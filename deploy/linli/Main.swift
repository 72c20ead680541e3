import EventLoop
import Glibc
import JSON

/// `linli`: seeds, imports, replays and checks a running installation.
@main enum Main {
    private static let help = """
        linli seed                      the demonstration city, and the real stores with a menu in 上海市
        linli import stores FILE        a merchant's store list (comma-separated values with a heading)
        linli replay orders FILE        a till's orders, placed, paid, prepared and collected through the public API
                                        [--limit N] [--customers N] [--parallel N]
        linli verify                    the invariants of money, stock and messages, in all databases
        linli bench NAME...             benchmarks; --help lists them

        --json                          the result as one line of JSON, last on standard output
        --environment FILE              the settings of the installation (default .linli/environment)

        """

    static func main() async {
        let words = Array(CommandLine.arguments.dropFirst())
        if words.first == "bench" { BenchCommand.run(Array(words.dropFirst())) }
        let group = EventLoopGroup(count: 1, name: "linli")
        let task = Task(executorPreference: group.all[0]) { await run(words, group) }
        exit(await task.value)
    }

    /// 0: done and right. 1: could not be done, or something is wrong. 2: not a command.
    private static func run(_ words: [String], _ group: EventLoopGroup) async -> Int32 {
        do {
            let arguments = try Arguments(words)
            if arguments.wantsHelp || arguments.words.isEmpty {
                print(help, terminator: "")
                return arguments.wantsHelp ? 0 : 2
            }
            let tool = try Tool(arguments, group: group)
            let report = try await command(arguments, tool)
            print(arguments.wantsJSON ? report.json : report.text)
            return report.isRight ? 0 : 1
        } catch let error as UsageError {
            note("linli: \(error.message)\n\n\(help)")
            return 2
        } catch let error as CommandError {
            note("linli: \(error.message)\n")
        } catch let error as DoorError {
            note("linli: \(error.message)\n")
        } catch {
            note("linli: \(error)\n")
        }
        return 1
    }

    private static func command(_ arguments: Arguments, _ tool: Tool) async throws -> any Report {
        let words = arguments.words
        switch (words[0], words.count) {
        case ("seed", 1):
            try arguments.allow([])
            return try await SeedCommand(tool: tool).run()
        case ("verify", 1):
            try arguments.allow([])
            return try await VerifyCommand(tool: tool).run()
        case ("import", 3) where words[1] == "stores":
            try arguments.allow([])
            return try await ImportStoresCommand(tool: tool).run(file: words[2])
        case ("replay", 3) where words[1] == "orders":
            try arguments.allow(["limit", "customers", "parallel"])
            return try await ReplayCommand(
                tool: tool, limit: try arguments.number("limit", upTo: .max),
                customers: try arguments.number("customers", upTo: 100) ?? 8,
                parallel: try arguments.number("parallel", upTo: 500) ?? 24
            ).run(file: words[2])
        default: throw UsageError("\(words.joined(separator: " ")) is not a command")
        }
    }
}

/// What a command found out, for people and for programs.
protocol Report: JSONWritable {
    var text: String { get }
    /// Whether everything is as it should be: the exit code.
    var isRight: Bool { get }
}

extension Report {
    var json: String { String(decoding: JSON.encode(self), as: UTF8.self) }
}
