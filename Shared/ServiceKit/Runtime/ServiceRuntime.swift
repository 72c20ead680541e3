import EventLoop
import Glibc

/// Runs a service as a process.
public enum ServiceRuntime {
    /// 78, `EX_CONFIG` of sysexits.h: the supervisor should not try again before someone changed the settings.
    private static let exitCodeConfiguration: Int32 = 78

    /// Starts `service`, serves until SIGTERM or SIGINT, finishes what runs, and ends the process with exit code 0.
    ///
    /// A start that fails prints the reasons, each naming its setting, and exits with 78 (1 when trying again later
    /// may help: the database is away).
    public static func main<S: Service>(_ service: S.Type) async -> Never {
        // First of all: threads inherit the mask, and a signal in a thread that lacks it would kill the process.
        Signals.block()
        raiseDescriptorLimit()
        let environment = ConfigurationReader.processEnvironment()
        do {
            let running = try await RunningService.start(service, environment: environment)
            let loop = running.kit.loops.next()
            let logger = running.kit.logger
            // Debug builds only: what keeps a loop from its sockets is seen while it is written.
            EventLoop.onLongTurn { turn in
                logger.debug(
                    "a long turn of the event loop", ("milliseconds", .count(Int(turn.milliseconds))),
                    ("longest", .string(turn.part)), ("longest_milliseconds", .count(Int(turn.partMilliseconds))))
            }
            _ = await Signals.wait(on: loop)
            await running.shutDown()
            exit(0)
        } catch {
            let text = [UInt8]("\(error)\n".utf8)
            _ = text.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
            exit((error as? StartupError)?.isPermanent == true ? exitCodeConfiguration : 1)
        }
    }

    /// A connection is a descriptor, and most systems give a process 1,024 of them unless it asks for what it may have.
    /// Should it be refused, connections beyond wait their turn, as HTTPServer makes them.
    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(resource, &limit)
    }
}
