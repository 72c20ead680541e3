import EventLoop

/// The measurements of one service, served as Prometheus text at `/metrics`.
///
/// Ask for a handle once (at composition) and keep it: a handle costs a few nanoseconds to use, the look-up does not.
/// Asking twice for the same name and labels gives the same handle.
public final class Metrics: Sendable {
    /// Label names and values. Values must come from a small closed set: a route pattern, never a path or an id.
    public typealias Labels = [(String, String)]

    private enum Kind: String { case counter, gauge, histogram }

    private struct Family {
        let kind: Kind
        let help: String
        var series: [String: any MetricSeries] = [:]
        var order: [String] = []
    }

    private let families = Locked<[String: Family]>([:])

    public init() {}

    /// A number that only grows. By convention the name ends in `_total`.
    public func counter(_ name: String, help: String, labels: Labels = []) -> Counter {
        series(name, .counter, help, labels) { Counter() }
    }

    /// A number that goes up and down.
    public func gauge(_ name: String, help: String, labels: Labels = []) -> Gauge {
        series(name, .gauge, help, labels) { Gauge() }
    }

    /// A number that is read when `/metrics` is scraped.
    public func sampled(
        _ name: String, help: String, labels: Labels = [], read: @escaping @Sendable () -> Double
    ) {
        _ = series(name, .gauge, help, labels) { SampledGauge(read: read) }
    }

    /// A distribution of durations in seconds, or of sizes when other bounds are given.
    public func histogram(
        _ name: String, help: String, labels: Labels = [], bounds: [Double] = Histogram.latencyBoundsSeconds
    ) -> Histogram {
        series(name, .histogram, help, labels) { Histogram(bounds: bounds) }
    }

    private func series<Series: MetricSeries>(
        _ name: String, _ kind: Kind, _ help: String, _ labels: Labels, make: () -> Series
    ) -> Series {
        let key = Self.text(of: labels)
        return families.withLock { families -> Series in
            var family = families[name] ?? Family(kind: kind, help: help)
            precondition(family.kind == kind, "metric \(name) is registered as two kinds")
            if let known = family.series[key] as? Series { return known }
            let made = make()
            family.series[key] = made
            family.order.append(key)
            families[name] = family
            return made
        }
    }

    /// Everything, in the Prometheus text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/).
    public func render() -> [UInt8] {
        let snapshot = families.withLock { $0 }
        var text = ""
        for (name, family) in snapshot.sorted(by: { $0.key < $1.key }) {
            text += "# HELP \(name) \(family.help)\n# TYPE \(name) \(family.kind.rawValue)\n"
            for key in family.order {
                family.series[key]?.render(name: name, labels: key, into: &text)
            }
        }
        return [UInt8](text.utf8)
    }

    private static func text(of labels: Labels) -> String {
        labels.map { name, value in
            let escaped = value.flatMap { character -> [Character] in
                switch character {
                case "\\": ["\\", "\\"]
                case "\"": ["\\", "\""]
                case "\n": ["\\", "n"]
                default: [character]
                }
            }
            return "\(name)=\"\(String(escaped))\""
        }.joined(separator: ",")
    }
}

/// One line (or several, for a histogram) of a metric family.
protocol MetricSeries: Sendable {
    func render(name: String, labels: String, into text: inout String)
}
