public import EventLoop
internal import Glibc
internal import Postgres
internal import Synchronization

/// A PostgreSQL server of its own, in a directory under /tmp, that ends and disappears with this process.
///
/// A small shell script supervises it: it starts and stops the server when told so through a pipe, and when the pipe
/// ends, because this process is gone in whatever way, it stops the server and removes the directory.
public final class PostgresCluster: Sendable {
    /// How the server is stopped.
    public enum StopMode: String, Sendable {
        /// Open sessions are ended, then the server shuts down in order.
        case fast
        /// All processes end at once, as in a crash.
        case immediate
    }

    /// The server's superuser, on its maintenance database.
    public let url: String
    private let directory: String
    private let supervisor: Mutex<Supervisor>

    private struct Supervisor {
        var input: Int32
        var output: Int32

        /// Sends one command and waits for the supervisor's line.
        mutating func perform(_ command: String) throws {
            let line = command + "\n"
            guard line.withCString({ write(input, $0, strlen($0)) }) == line.utf8.count else {
                throw PostgresClusterError(problem: "its supervisor is gone")
            }
            var answer: UInt8 = 0
            repeat {
                guard read(output, &answer, 1) == 1 else {
                    throw PostgresClusterError(problem: "its supervisor did not answer to \(command)")
                }
            } while answer != UInt8(ascii: "\n")
        }
    }

    private init(url: String, directory: String, supervisor: Supervisor) {
        self.url = url
        self.directory = directory
        self.supervisor = Mutex(supervisor)
    }

    /// Makes a cluster and starts its server; returns when it answers.
    public static func start(on loop: EventLoop) async throws -> PostgresCluster {
        let cluster = try await BlockingPool.shared.run {
            let cluster = try launch()
            try cluster.perform("start")
            return cluster
        }
        try await cluster.waitUntilReady(on: loop)
        return cluster
    }

    /// Stops the server; returns when its processes are gone.
    public func stop(_ mode: StopMode) throws { try perform("stop-\(mode.rawValue)") }

    /// Starts the stopped server; returns when its process exists, which is before it answers.
    public func startAgain() throws { try perform("start") }

    private func perform(_ command: String) throws {
        try supervisor.withLock { try $0.perform(command) }
    }

    private func waitUntilReady(on loop: EventLoop) async throws {
        let deadline = Instant.now + .seconds(30)
        let session = try AdminSession(url: url, loop: loop)
        while true {
            do {
                return try await session.run([], until: deadline)
            } catch {
                guard Instant.now < deadline else {
                    throw PostgresClusterError(problem: "\(error)\n\(tail("initdb.log"))\n\(tail("server.log"))")
                }
                try await loop.sleep(for: .milliseconds(20))
            }
        }
    }

    /// The last bytes of one of the cluster's logs.
    private func tail(_ name: String) -> String {
        guard let file = fopen("\(directory)/\(name)", "r") else { return "" }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1_000)
        if fseek(file, -bytes.count, SEEK_END) != 0 { rewind(file) }
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    // MARK: Launching

    private static func launch() throws -> PostgresCluster {
        var pattern = Array("/tmp/linli-postgres-XXXXXX".utf8CString)
        guard mkdtemp(&pattern) != nil else { throw PostgresClusterError(problem: "/tmp is not writable") }
        let directory = pattern.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        if getuid() == 0 {
            guard let user = getpwnam("postgres"), chown(directory, user.pointee.pw_uid, user.pointee.pw_gid) == 0
            else { throw PostgresClusterError(problem: "there is no user postgres") }
        }
        let asPostgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
        let command = (getuid() == 0 ? asPostgres : []) + ["sh", "-c", script, "sh", directory]
        let supervisor = try spawn(command)
        let url = "postgresql://postgres@/postgres?host=\(directory)"
        return PostgresCluster(url: url, directory: directory, supervisor: supervisor)
    }

    /// $1 is the directory, which also holds the socket: no port is taken that another process might want.
    /// fsync is off: what a crash of the machine would lose is thrown away anyway. Commits reach the kernel, so that a crash
    /// of the server alone loses none.
    private static let script = """
        cd "$1" || exit 1
        PATH=$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
        initdb -D "$1/data" -U postgres --auth=trust -E UTF8 --locale=C.UTF-8 --no-sync >"$1/initdb.log" 2>&1
        pid=
        start() {
            postgres -D "$1/data" -k "$1" -c listen_addresses= -c fsync=off -c full_page_writes=off \\
                -c max_connections=200 -c shared_buffers=32MB -c timezone=UTC \\
                -c log_min_messages=fatal </dev/null >>"$1/server.log" 2>&1 &
            pid=$!
        }
        stop() {
            [ -n "$pid" ] && kill "-$1" "$pid" 2>/dev/null && wait "$pid"
            pid=
        }
        while read -r command; do
            case $command in
            start) start "$1" ;;
            stop-fast) stop INT ;;
            stop-immediate) stop QUIT ;;
            esac
            echo done
        done
        stop QUIT
        rm -rf "$1"
        """

    private static func spawn(_ command: [String]) throws -> Supervisor {
        var toChild: [Int32] = [0, 0]
        var fromChild: [Int32] = [0, 0]
        guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else {
            throw PostgresClusterError(problem: "no descriptors are left")
        }
        // Another child that inherited the pipe would keep the supervisor from noticing our end.
        for fd in toChild + fromChild { _ = fcntl(fd, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
        posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
        arguments.append(nil)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            for argument in arguments { free(argument) }
            close(toChild[0])
            close(fromChild[1])
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        // A group of its own: Ctrl-C in a terminal ends the tests, and the supervisor cleans up after them.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        defer { posix_spawnattr_destroy(&attributes) }
        var pid: pid_t = 0
        let result = posix_spawnp(&pid, command[0], &actions, &attributes, arguments, environ)
        guard result == 0 else { throw PostgresClusterError(problem: "\(command[0]) cannot be run (\(result))") }
        return Supervisor(input: toChild[1], output: fromChild[0])
    }
}

/// Why a test server could not be made.
public struct PostgresClusterError: Error, CustomStringConvertible {
    let problem: String
    /// A sentence.
    public var description: String { "no PostgreSQL server for the tests: \(problem)" }
}
