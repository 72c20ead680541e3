import CLinux
import EventLoop
import Glibc

/// A server that lies: a thread of its own accepts connections one after the other and treats each as the test says.
public final class RawServer: Sendable {
    /// Where it listens.
    public let port: Int
    /// `http://127.0.0.1:<port>`.
    public var url: String { "http://127.0.0.1:\(port)" }
    /// Connections accepted so far.
    public var accepted: Int { count.withLock { $0 } }

    private final class Script: Sendable {
        let descriptor: Int32
        let count: Locked<Int>
        let serve: @Sendable (RawConnection, Int) -> Void

        init(_ descriptor: Int32, _ count: Locked<Int>, _ serve: @escaping @Sendable (RawConnection, Int) -> Void) {
            self.descriptor = descriptor
            self.count = count
            self.serve = serve
        }

        func run() {
            while true {
                let client = acceptPrivately(descriptor)
                if client < 0 { break }
                let index = count.withLock { count in
                    count += 1
                    return count - 1
                }
                serve(RawConnection(accepted: client), index)
            }
            close(descriptor)
        }
    }

    private let descriptor: Int32
    private let count = Locked(0)

    /// Listens on a free port.
    ///
    /// - Parameter serve: treats one connection, of the given number from 0; the connection is closed when it returns.
    public init(_ serve: @escaping @Sendable (RawConnection, Int) -> Void) throws {
        descriptor = clinux_listen("127.0.0.1", 0, 128, false)
        guard descriptor >= 0 else { throw RawConnectionError(call: "listen", code: -descriptor) }
        port = Int(clinux_bound_port(descriptor))
        // Accepting blocks: the thread has nothing else to do.
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
        let argument = Unmanaged.passRetained(Script(descriptor, count, serve)).toOpaque()
        var thread = pthread_t()
        let result = pthread_create(&thread, nil, { argument in
            guard let argument else { return nil }
            Unmanaged<Script>.fromOpaque(argument).takeRetainedValue().run()
            return nil
        }, argument)
        guard result == 0 else { throw RawConnectionError(call: "pthread_create", code: result) }
        pthread_detach(thread)
    }

    /// Ends the thread, once it has treated its present connection.
    deinit { shutdown(descriptor, Int32(SHUT_RDWR)) }
}

/// A connection that programs started meanwhile by other tests do not inherit: they would keep it open.
func acceptPrivately(_ descriptor: Int32) -> Int32 {
    let client = accept(descriptor, nil, nil)
    if client >= 0 { _ = fcntl(client, F_SETFD, FD_CLOEXEC) }
    return client
}
