import CLinux

/// What the operating system knows about this process, under Prometheus' usual names.
enum ProcessMetrics {
    static func register(in metrics: Metrics) {
        metrics.sampled("process_resident_memory_bytes", help: "Resident memory.") {
            Double(clinux_resident_bytes())
        }
        metrics.sampled("process_cpu_seconds_total", help: "CPU time used.") { Double(clinux_cpu_ns()) / 1e9 }
        let started = SystemTime.seconds()
        metrics.sampled("process_start_time_seconds", help: "When the process started, since 1970.") {
            Double(started)
        }
    }
}
