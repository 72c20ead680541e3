import CLinux

/// The machine's wall clock.
enum SystemTime {
    /// µs since 1970.
    static func microseconds() -> Int64 { clinux_realtime_ns() / 1_000 }
    /// Seconds since 1970.
    static func seconds() -> Int64 { clinux_realtime_ns() / 1_000_000_000 }
}
