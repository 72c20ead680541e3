import Glibc

/// Settings of a running installation: the process's environment, over the file that `deploy/run` wrote.
struct EnvironmentFile: Sendable {
    private let values: [String: String]

    /// Reads `path` (one NAME=VALUE a line), or `.linli/environment` when none is given and it exists.
    init(path: String?) throws(CommandError) {
        var values: [String: String] = [:]
        if let bytes = readFile(path ?? ".linli/environment") {
            for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
                guard let equals = line.firstIndex(of: "=") else { continue }
                values[String(line[..<equals])] = String(line[line.index(after: equals)...])
            }
        } else if let path {
            throw CommandError("the environment file \(path) cannot be read")
        }
        self.values = values
    }

    /// The value of `name`; the process's own environment wins.
    func value(_ name: String) -> String? {
        if let own = getenv(name) { return String(cString: own) }
        return values[name]
    }

    /// - Throws: `CommandError` naming the variable when it is set nowhere.
    func required(_ name: String) throws(CommandError) -> String {
        guard let value = value(name) else {
            throw CommandError("\(name) is not set: start Linli with deploy/run, or name its file with --environment")
        }
        return value
    }
}

/// The bytes of a file, or nil when it cannot be read.
func readFile(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = fread(&chunk, 1, chunk.count, file)
        guard count > 0 else { return ferror(file) == 0 ? bytes : nil }
        bytes.append(contentsOf: chunk[..<count])
    }
}
