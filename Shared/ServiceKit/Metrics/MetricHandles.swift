import EventLoop
import Synchronization

private func line(_ name: String, _ labels: String, _ value: String) -> String {
    labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
}

private func number(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value > 0 ? "+Inf" : "-Inf" }
    return value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
}

/// A number that only grows. See ``Metrics/counter(_:help:labels:)``.
public final class Counter: MetricSeries {
    private let total = Atomic<Int>(0)

    /// Adds `amount`, which must not be negative.
    public func increment(by amount: Int = 1) {
        assert(amount >= 0, "a counter only grows")
        total.wrappingAdd(amount, ordering: .relaxed)
    }

    /// The total since the start of the process.
    public var value: Int { total.load(ordering: .relaxed) }

    func render(name: String, labels: String, into text: inout String) { text += line(name, labels, "\(value)") }
}

/// A number that goes up and down. See ``Metrics/gauge(_:help:labels:)``.
public final class Gauge: MetricSeries {
    private let current = Atomic<Int>(0)

    public func set(_ value: Int) { current.store(value, ordering: .relaxed) }
    public func add(_ amount: Int) { current.wrappingAdd(amount, ordering: .relaxed) }
    public var value: Int { current.load(ordering: .relaxed) }

    func render(name: String, labels: String, into text: inout String) { text += line(name, labels, "\(value)") }
}

/// A gauge whose value is computed at scrape.
final class SampledGauge: MetricSeries {
    private let read: @Sendable () -> Double
    init(read: @escaping @Sendable () -> Double) { self.read = read }
    func render(name: String, labels: String, into text: inout String) { text += line(name, labels, number(read())) }
}

/// A distribution with fixed bounds. See ``Metrics/histogram(_:help:labels:bounds:)``.
public final class Histogram: MetricSeries {
    /// 0.5 ms to 10 s: what a request of this system may take, from a cached read to the longest deadline.
    public static let latencyBoundsSeconds = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]
    /// 1 to 512: how many things went together in one batch.
    public static let batchSizeBounds: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]

    private struct State {
        var counts: [Int]
        var sum = 0.0
        var count = 0
    }
    private let bounds: [Double]
    private let state: Locked<State>

    init(bounds: [Double]) {
        precondition(!bounds.isEmpty && bounds == bounds.sorted(), "histogram bounds must rise")
        self.bounds = bounds
        state = Locked(State(counts: [Int](repeating: 0, count: bounds.count)))
    }

    /// Records one value, in the unit of the bounds (seconds for latencies).
    public func record(_ value: Double) {
        state.withLock { state in
            state.sum += value
            state.count += 1
            // Most values fall in the first bounds, and there are 14: a scan beats a binary search.
            for index in bounds.indices where value <= bounds[index] {
                state.counts[index] += 1
                return
            }
        }
    }

    /// How many values were recorded.
    public var count: Int { state.withLock { $0.count } }

    func render(name: String, labels: String, into text: inout String) {
        let (counts, sum, count) = state.withLock { ($0.counts, $0.sum, $0.count) }
        let prefix = labels.isEmpty ? "" : labels + ","
        var running = 0
        for (index, bound) in bounds.enumerated() {
            running += counts[index]
            text += line("\(name)_bucket", "\(prefix)le=\"\(number(bound))\"", "\(running)")
        }
        text += line("\(name)_bucket", "\(prefix)le=\"+Inf\"", "\(count)")
        text += line("\(name)_sum", labels, number(sum))
        text += line("\(name)_count", labels, "\(count)")
    }
}
