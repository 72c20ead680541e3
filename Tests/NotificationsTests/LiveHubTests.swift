import Models
import ServiceKit
import Testing
@testable import Notifications

@Suite struct LiveHubTests {
    private let account = AccountID.make(at: Bench.now)

    private func event(_ id: Int64, _ channel: LiveChannel) -> LiveEvent {
        LiveEvent(id: id, channel: channel.text, type: "order.paid", data: "{}")
    }

    private func ids(_ next: LiveSubscriber.Next) -> [Int64]? {
        if case .events(let events) = next { events.map(\.id) } else { nil }
    }

    @Test func `a stream hears its own channel, in order, from its position on`() async {
        let hub = LiveHub(position: 7, metrics: Metrics())
        let other = LiveChannel.account(.make(at: Bench.now))
        let stream = hub.subscribe(to: .account(account))
        #expect(stream.position == 7)
        hub.deliver([event(8, .account(account)), event(9, other), event(10, .account(account))])
        #expect(ids(await stream.next()) == [8, 10])
        #expect(hub.position == 10)
        #expect(hub.subscribe(to: other).position == 10)
    }

    @Test func `a reader that does not read is ended, and the others are not`() async {
        let hub = LiveHub(position: 0, metrics: Metrics())
        let slow = hub.subscribe(to: .account(account))
        let quick = hub.subscribe(to: .account(account))
        for id in 1...Int64(LiveSubscriber.waitingMax + 1) {
            hub.deliver([event(id, .account(account))])
            #expect(ids(await quick.next()) == [id])
        }
        guard case .end = await slow.next() else {
            Issue.record("the slow reader was not ended")
            return
        }
    }

    @Test func `a heartbeat does not come before what waits`() async {
        let hub = LiveHub(position: 0, metrics: Metrics())
        let stream = hub.subscribe(to: .account(account))
        hub.deliver([event(1, .account(account))])
        for _ in 0..<LiveHub.beatGroups { hub.beat() }
        #expect(ids(await stream.next()) == [1])
    }

    @Test func `closing ends what is open and what comes later`() async {
        let hub = LiveHub(position: 0, metrics: Metrics())
        let open = hub.subscribe(to: .account(account))
        hub.close()
        let late = hub.subscribe(to: .account(account))
        for stream in [open, late] {
            guard case .end = await stream.next() else {
                Issue.record("a stream outlived the hub")
                continue
            }
        }
    }

    @Test(arguments: [
        // The table has 5...9, and this process handed out 9.
        (last: 9, oldest: 5, newest: 9, position: 9, can: true),
        (last: 4, oldest: 5, newest: 9, position: 9, can: true),
        (last: 3, oldest: 5, newest: 9, position: 9, can: false),
        // Another replica was ahead of this one.
        (last: 9, oldest: 5, newest: 9, position: 7, can: true),
        // From another database.
        (last: 10, oldest: 5, newest: 9, position: 9, can: false),
        // Everything was forgotten meanwhile.
        (last: 9, oldest: nil, newest: 0, position: 9, can: true),
        (last: 8, oldest: nil, newest: 0, position: 9, can: false),
        (last: 0, oldest: nil, newest: 0, position: 0, can: true),
    ] as [(last: Int64, oldest: Int64?, newest: Int64, position: Int64, can: Bool)])
    func `a client goes on only where nothing is missing`(
        last: Int64, oldest: Int64?, newest: Int64, position: Int64, can: Bool
    ) {
        #expect(KeptRange(oldest: oldest, newest: newest).canResume(after: last, position: position) == can)
    }
}
