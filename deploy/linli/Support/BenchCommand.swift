import Glibc

/// `linli bench NAME --json`: the benchmarks are a suite of their own, which this becomes.
enum BenchCommand {
    static func run(_ arguments: [String]) -> Never {
        let script = "deploy/bench"
        guard access(script, X_OK) == 0 else {
            note("linli: \(script) is not here; run linli bench from the root of the repository\n")
            exit(1)
        }
        var words = ([script] + arguments).map { strdup($0) }
        words.append(nil)
        execv(script, words)
        note("linli: \(script) cannot be started\n")
        exit(1)
    }
}
