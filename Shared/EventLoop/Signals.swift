import CLinux

/// Signals as readable events, so that shutdown is ordinary code on a loop and never a signal handler.
public enum Signals {
    /// Blocks SIGTERM, SIGINT, SIGHUP and SIGPIPE. Call first thing in `main`: threads inherit the mask.
    public static func block() {
        _ = clinux_block_signals()
    }

    /// Waits for SIGTERM or SIGINT and returns its number. Needs ``block()`` before any thread started.
    public static func wait(on loop: EventLoop) async -> Int32 {
        await SignalWaiter(loop: loop).wait()
    }
}

private actor SignalWaiter: LoopBound {
    nonisolated let loop: EventLoop

    init(loop: EventLoop) {
        self.loop = loop
    }

    func wait() async -> Int32 {
        let fd = clinux_signalfd()
        guard fd >= 0, let source = try? IOSource(fd: fd, loop: loop, mode: .edge) else {
            preconditionFailure("no descriptor left to receive signals")
        }
        defer { source.close() }
        while true {
            let signal = clinux_signalfd_read(fd)
            if signal != 0 { return signal }
            source.markNotReadable()
            _ = await source.waitReadable()
        }
    }
}
