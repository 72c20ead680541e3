import Glibc
import HTTPServer
import TestSupport
import Testing

/// Numbers of connections that one process cannot hold both ends of: the server is the bare engine, as a process.
@Suite(.serialized)
struct ManyConnectionsTests {
    private static let get = "GET /plain HTTP/1.1\r\nHost: a\r\n\r\n"

    /// The bare engine on a free port, with at most so many descriptors.
    private struct Engine {
        let process: ChildProcess
        let port: Int

        init(descriptors: Int) throws {
            // A port that was free a moment ago; the listener is closed when this line is left.
            let free = try RawListener().port
            let engine = try Self.path()
            process = try ChildProcess(
                path: "/bin/sh",
                arguments: ["-c", "ulimit -n \(descriptors) && exec \"$0\" serve --port \(free)", engine],
                environment: [:], log: "/dev/null")
            port = free
            // The kernel refuses until the process listens.
            while true {
                if (try? RawConnection(port: port)) != nil { break }
                if process.poll() != nil { throw ChildProcessError.noExecutable(name: "engine-bench", folder: engine) }
                sched_yield()
            }
        }

        /// Beside the test bundle, where the build puts it.
        private static func path() throws -> String {
            let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
            let folder = bundle.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            let path = folder + "/engine-bench"
            guard access(path, X_OK) == 0 else { throw ChildProcessError.noExecutable(name: "engine-bench", folder: folder) }
            return path
        }

        func stop() {
            process.signal(SIGKILL)
            process.wait()
        }

        /// Bytes of memory in use.
        func residentBytes() -> Int {
            guard let file = fopen("/proc/\(process.id)/statm", "r") else { return 0 }
            defer { fclose(file) }
            var line = [CChar](repeating: 0, count: 128)
            guard fgets(&line, 128, file) != nil else { return 0 }
            let fields = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(separator: " ")
            return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * 4_096
        }
    }

    /// Lets this process have as many descriptors as it may.
    private func raiseDescriptorLimit() -> Int {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int(limit.rlim_cur)
    }

    /// Not under a sanitizer: opening them takes longer than the idle limit, and its memory says nothing of ours.
    @Test(.enabled(if: getenv("LINLI_SANITIZER") == nil))
    func `ten thousand idle connections are held, and each is answered`() throws {
        // As many as the machine allows: both ends need a descriptor each, in processes of their own.
        let count = min(10_000, raiseDescriptorLimit() - 1_000)
        let engine = try Engine(descriptors: count + 200)
        defer { engine.stop() }
        let before = engine.residentBytes()
        var connections: [RawConnection] = []
        for _ in 0..<count { connections.append(try RawConnection(port: engine.port)) }
        for connection in connections {
            connection.send(Self.get)
            guard connection.readAnswer()?.status == 200 else {
                Issue.record("a connection got no answer")
                return
            }
        }
        let bytes = (engine.residentBytes() - before) / count
        print("\(count) idle connections, \(bytes) bytes of memory each")
        #expect(bytes < 32_768)
    }

    @Test func `a server without descriptors left waits, and goes on when some are free`() throws {
        let engine = try Engine(descriptors: 30)
        defer { engine.stop() }
        var connections: [RawConnection] = []
        for _ in 0..<60 { connections.append(try RawConnection(port: engine.port)) }
        // The kernel has taken all; the server only the first ones. Each that ends makes room for one that waits.
        for connection in connections {
            connection.send(Self.get)
            guard connection.readAnswer()?.status == 200 else {
                Issue.record("a connection got no answer")
                return
            }
            connection.close()
        }
    }
}
