public import Glibc

/// Why a child process could not be used.
public enum ChildProcessError: Error, Sendable {
    case cannotStart(path: String, errno: Int32)
    case noExecutable(name: String, folder: String)
    case noFreePort
    /// The process ended before it was ready; `log` is the end of its output.
    case ended(name: String, status: Int32, log: String)
    /// The process was not ready in time.
    case notReady(name: String, log: String)
}

/// A child process whose output goes to a file.
public struct ChildProcess: Sendable {
    /// The process's number.
    public let id: pid_t

    /// Starts `path` with exactly this environment; both outputs are appended to `log`.
    public init(path: String, arguments: [String] = [], environment: [String: String], log: String) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The test runner may block signals; the child must start with none blocked.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var child: pid_t = 0
        let status = Self.withCStrings([path] + arguments) { argv in
            Self.withCStrings(environment.map { "\($0.key)=\($0.value)" }) { envp in
                posix_spawn(&child, path, &actions, &attributes, argv, envp)
            }
        }
        guard status == 0 else { throw ChildProcessError.cannotStart(path: path, errno: status) }
        id = child
    }

    /// Sends a signal.
    public func signal(_ number: Int32) { kill(id, number) }

    /// Waits for the end (blocking) and returns the exit code, or 128 + the signal's number.
    @discardableResult
    public func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0 {
            guard errno == EINTR else { return -1 }
        }
        return Self.code(status)
    }

    /// The exit code when the process has ended, nil while it runs.
    public func poll() -> Int32? {
        var status: Int32 = 0
        let result = waitpid(id, &status, WNOHANG)
        return result == id ? Self.code(status) : nil
    }

    private static func code(_ status: Int32) -> Int32 {
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }

    private static func withCStrings<Result>(
        _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("an array with nil at its end has a base") }
            return body(base)
        }
    }
}
