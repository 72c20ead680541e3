import EventLoop
@testable import HTTPClient
import Testing

@Suite
struct CircuitBreakerTests {
    private let start = Instant(nanoseconds: 0)

    private func breaker() -> Tested { Tested() }

    /// Lets expectations call what changes it.
    private final class Tested {
        private var breaker = CircuitBreaker(failuresToOpen: 3, openFor: .seconds(1))

        func admits(at now: Instant) -> Bool { breaker.admits(at: now) }
        func failed(at now: Instant) { breaker.failed(at: now) }
        func succeeded() { breaker.succeeded() }
        func undecided() { breaker.undecided() }
    }

    @Test func `failures in a row open it, a success between them does not`() {
        let breaker = breaker()
        for _ in 0..<2 { breaker.failed(at: start) }
        breaker.succeeded()
        for _ in 0..<2 { breaker.failed(at: start) }
        #expect(breaker.admits(at: start))
        breaker.failed(at: start)
        #expect(!breaker.admits(at: start))
    }

    @Test func `after the pause one request tries, and its outcome decides`() {
        let breaker = breaker()
        for _ in 0..<3 { breaker.failed(at: start) }
        let later = start + .seconds(1)
        #expect(breaker.admits(at: later))
        #expect(!breaker.admits(at: later), "only one may try")
        breaker.failed(at: later)
        #expect(!breaker.admits(at: later) && breaker.admits(at: later + .seconds(1)))
        breaker.succeeded()
        #expect(breaker.admits(at: later) && breaker.admits(at: later))
    }

    @Test func `a try that never reached the host leaves it to the next`() {
        let breaker = breaker()
        for _ in 0..<3 { breaker.failed(at: start) }
        let later = start + .seconds(1)
        #expect(breaker.admits(at: later))
        breaker.undecided()
        #expect(breaker.admits(at: later))
        breaker.failed(at: later)
        #expect(!breaker.admits(at: later))
    }
}
