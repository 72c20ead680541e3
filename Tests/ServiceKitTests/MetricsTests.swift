import Testing

@testable import ServiceKit

@Suite struct MetricsTests {
    @Test func `renders counters, gauges and samples as Prometheus text`() {
        let metrics = Metrics()
        metrics.counter("orders_total", help: "Orders.", labels: [("kind", "a\"b")]).increment(by: 2)
        metrics.gauge("queue", help: "Waiting.").set(7)
        metrics.sampled("ratio", help: "Ratio.") { 0.5 }
        let text = String(decoding: metrics.render(), as: UTF8.self)
        #expect(text.contains("# TYPE orders_total counter\norders_total{kind=\"a\\\"b\"} 2\n"))
        #expect(text.contains("# TYPE queue gauge\nqueue 7\n"))
        #expect(text.contains("ratio 0.5\n"))
    }

    @Test func `a histogram counts cumulatively`() {
        let metrics = Metrics()
        let histogram = metrics.histogram("seconds", help: "Time.", bounds: [0.1, 1])
        for value in [0.05, 0.1, 0.5, 2] { histogram.record(value) }
        let text = String(decoding: metrics.render(), as: UTF8.self)
        #expect(text.contains("seconds_bucket{le=\"0.1\"} 2\n"))
        #expect(text.contains("seconds_bucket{le=\"1\"} 3\n"))
        #expect(text.contains("seconds_bucket{le=\"+Inf\"} 4\n"))
        #expect(text.contains("seconds_count 4\n"))
    }

    @Test func `asking twice gives the same handle`() {
        let metrics = Metrics()
        let first = metrics.counter("c_total", help: "C.", labels: [("a", "1")])
        #expect(first === metrics.counter("c_total", help: "C.", labels: [("a", "1")]))
        #expect(first !== metrics.counter("c_total", help: "C.", labels: [("a", "2")]))
    }
}
