import CLinux
public import EventLoop
import Glibc
public import HTTPClient
import HTTPCore

/// One service as a real process: its executable, port, settings and log file. May be killed and started again.
public actor ServiceProcess {
    /// The executable's name: `orders`.
    public nonisolated let name: String
    /// Kept over restarts.
    public nonisolated let port: Int
    /// Where both outputs go; kept when the test ends.
    public nonisolated let log: String
    private let path: String
    private let environment: [String: String]
    private var child: ChildProcess?

    init(name: String, path: String, port: Int, environment: [String: String], log: String) {
        self.name = name
        self.path = path
        self.port = port
        self.environment = environment
        self.log = log
    }

    /// `http://127.0.0.1:<port>`.
    public nonisolated var url: String { "http://127.0.0.1:\(port)" }

    /// Starts the process (without waiting for readiness).
    func launch() throws {
        child = try ChildProcess(path: path, environment: environment, log: log)
    }

    /// The exit code if the process has ended by itself.
    func ended() -> Int32? {
        guard let child, let code = child.poll() else { return nil }
        self.child = nil
        return code
    }

    /// `kill -9`, and waits until the process is gone.
    public func kill9() { end(SIGKILL) }

    /// SIGTERM, and waits for the graceful end. Returns the exit code, nil when it was not running.
    @discardableResult
    public func terminate() -> Int32? { end(SIGTERM) }

    @discardableResult
    private func end(_ signal: Int32) -> Int32? {
        guard let child else { return nil }
        self.child = nil
        child.signal(signal)
        return child.wait()
    }

    /// The last 4 KiB of the log.
    public nonisolated func logTail() -> String {
        let descriptor = open(log, O_RDONLY)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        lseek(descriptor, max(0, lseek(descriptor, 0, SEEK_END) - 4_096), SEEK_SET)
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}

/// Real executables of this package on free ports, for flow tests: no process is shared between two harnesses.
///
/// ```swift
/// let harness = try ProcessHarness()
/// let catalog = try await harness.add("catalog", databaseURL: database.url)
/// try await harness.startAll()
/// …
/// await catalog.kill9()
/// try await harness.start(catalog)
/// await harness.stopAll()
/// ```
public final class ProcessHarness: Sendable {
    private static let readyDeadline = Duration.seconds(30)

    /// Where logs are kept; printed when a start fails.
    public let folder: String
    /// Speaks to the processes.
    public let http: HTTPClient
    /// The loop that tests may run on.
    public let loops = EventLoopGroup(count: 1, name: "harness")
    private let common: [String: String]
    private let services = Locked<[ServiceProcess]>([])
    private let ports: [String: Int]

    /// The variable of each service's address, and of its database.
    private static let variables = [
        "catalog": "CATALOG", "orders": "ORDERS", "payments-sim": "PAYMENTS", "notifications": "NOTIFICATIONS",
        "storefront": "STOREFRONT",
    ]

    /// Chooses free ports for all services; `environment` is given to every one.
    public init(environment: [String: String] = [:]) throws {
        var template = Array("/tmp/linli-processes-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw ChildProcessError.cannotStart(path: "/tmp", errno: errno) }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        http = HTTPClient(group: loops)
        var ports: [String: Int] = [:]
        var common = [
            "LINLI_ENVIRONMENT": "development", "PATH": "/usr/bin:/bin",
            "KEY_ENCRYPTION_KEY": "bGlubGktdGVzdC1rZXktZW5jcnlwdGlvbi1rZXktMzI=",
        ]
        // Held open together, so that the kernel gives different ones.
        var holders: [Int32] = []
        defer { for holder in holders { clinux_close(holder) } }
        for (service, variable) in Self.variables {
            let holder = clinux_listen("127.0.0.1", 0, 1, false)
            guard holder >= 0 else { throw ChildProcessError.noFreePort }
            holders.append(holder)
            ports[service] = Int(clinux_bound_port(holder))
            common["\(variable)_URL"] = "http://127.0.0.1:\(clinux_bound_port(holder))"
        }
        self.ports = ports
        self.common = common.merging(environment) { _, given in given }
    }

    /// The address of a service, started or not.
    public func url(of service: String) -> String { "http://127.0.0.1:\(ports[service] ?? 0)" }

    /// Prepares a service with its database; `environment` adds to the common settings.
    public func add(
        _ service: String, databaseURL: String, environment: [String: String] = [:]
    ) throws -> ServiceProcess {
        guard let port = ports[service], let variable = Self.variables[service] else {
            throw ChildProcessError.noExecutable(name: service, folder: "the services of this package")
        }
        var settings = common.merging(environment) { _, given in given }
        settings["PORT"] = String(port)
        settings["\(variable)_DATABASE_URL"] = databaseURL
        let process = ServiceProcess(
            name: service, path: try Self.executable(service), port: port, environment: settings,
            log: "\(folder)/\(service).log")
        services.withLock { $0.append(process) }
        return process
    }

    /// Starts everything that was added, at once, and waits until all are ready.
    public func startAll() async throws {
        let all = services.withLock { $0 }
        for service in all { try await service.launch() }
        for service in all { try await waitUntilReady(service) }
    }

    /// Starts one service (again) and waits until `/readyz` says 200.
    public func start(_ service: ServiceProcess) async throws {
        try await service.launch()
        try await waitUntilReady(service)
    }

    /// Ends everything gracefully.
    public func stopAll() async {
        for service in services.withLock({ $0 }).reversed() { await service.terminate() }
    }

    private func waitUntilReady(_ service: ServiceProcess) async throws {
        let limit = Instant.now + Self.readyDeadline
        while Instant.now < limit {
            if let code = await service.ended() {
                throw ChildProcessError.ended(name: service.name, status: code, log: service.logTail())
            }
            let request = ClientRequest(
                method: .get, url: service.url + "/readyz", deadline: .now + .seconds(1))
            if let response = try? await http.send(request), response.status == .ok { return }
            // The process tells nobody that it is ready, so it is asked, with a pause that leaves it the processor.
            try await loops.next().sleep(for: .milliseconds(20))
        }
        throw ChildProcessError.notReady(name: service.name, log: service.logTail())
    }

    /// The executable beside the test bundle; `LINLI_BINARIES` names another folder.
    static func executable(_ name: String) throws -> String {
        var folder = getenv("LINLI_BINARIES").map { String(cString: $0) }
        if folder == nil {
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
            let length = readlink("/proc/self/exe", &buffer, buffer.count - 1)
            let own = String(decoding: buffer.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            folder = own.lastIndex(of: "/").map { String(own[..<$0]) }
        }
        let path = "\(folder ?? ".")/\(name)"
        guard access(path, X_OK) == 0 else {
            throw ChildProcessError.noExecutable(name: name, folder: folder ?? ".")
        }
        return path
    }
}
