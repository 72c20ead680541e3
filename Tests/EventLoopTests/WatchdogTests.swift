import EventLoop
import Testing

#if DEBUG
    /// The watchdog of debug builds. Its receiver is one for the process: these tests keep to their own loop's name.
    @Suite(.timeLimit(.minutes(1)), .serialized)
    struct WatchdogTests {
        private func longTurns(of name: String, _ work: @escaping @Sendable (EventLoop) -> Void) async -> [LongTurn] {
            let seen = Locked<[LongTurn]>([])
            EventLoop.onLongTurn { turn in
                if turn.loop == name { seen.withLock { $0.append(turn) } }
            }
            defer { EventLoop.onLongTurn(nil) }
            let loop = EventLoop.start(name: name)
            defer { loop.stop() }
            await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
                loop.spawn {
                    work(loop)
                    // In a later turn, so that the one at hand has ended and was judged.
                    loop.schedule(at: .now + .milliseconds(1)) { done.resume() }
                }
            }
            return seen.withLock { $0 }
        }

        private static func occupy(for duration: Duration) {
            let end = Instant.now + duration
            while Instant.now < end {}
        }

        @Test func `a turn over ten milliseconds is named with what took longest`() async throws {
            let turns = await longTurns(of: "busy") { loop in
                loop.note("GET /v1/slow")
                Self.occupy(for: .milliseconds(20))
            }
            let turn = try #require(turns.first { $0.part == "GET /v1/slow" }, "whatever else took long beside it")
            #expect(turn.milliseconds >= 20 && turn.partMilliseconds >= 20)
        }

        @Test func `what says nothing of itself is named by its kind, also callbacks and timers`() async throws {
            let timers = await longTurns(of: "timers") { loop in
                loop.schedule(at: .now) { Self.occupy(for: .milliseconds(20)) }
            }
            #expect(timers.contains { $0.part == "a timer" })
            let calls = await longTurns(of: "calls") { loop in
                loop.execute { Self.occupy(for: .milliseconds(20)) }
            }
            #expect(calls.contains { $0.part == "a call from elsewhere" })
        }
    }
#endif
