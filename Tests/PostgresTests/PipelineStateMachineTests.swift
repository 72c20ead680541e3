import Testing
@testable import Postgres

/// Every order of answers that a group can meet, without a database.
@Suite struct PipelineStateMachineTests {
    typealias Machine = PipelineStateMachine<String>

    /// Sends everything that may be sent, as the connection does; `fresh` requests need preparing first.
    private func send(_ machine: inout Machine, preparing fresh: Set<String> = []) -> [[String]] {
        var groups: [[String]] = []
        var group: [Machine.Entry] = []
        while true {
            machine.takeGroup(into: &group)
            if group.isEmpty { return groups }
            for entry in group {
                if fresh.contains(entry.request) { machine.didSendPrepare(for: entry.request) }
                machine.didSendRun(entry)
            }
            machine.didSendSync()
            groups.append(group.map(\.request))
        }
    }

    private func machine(reads: [String] = [], writes: [String] = []) -> Machine {
        var machine = Machine()
        for read in reads { machine.enqueue(read, .read) }
        for write in writes { machine.enqueue(write, .write) }
        return machine
    }

    @Test func `reads share one group and each is delivered at its own result`() {
        var machine = machine(reads: ["a", "b"])
        #expect(send(&machine) == [["a", "b"]])
        #expect("\(machine.received(.succeeded))" == "deliver(\"a\")")
        #expect("\(machine.received(.succeeded))" == "deliver(\"b\")")
        #expect("\(machine.received(.sync))" == "none")
        #expect(!machine.awaitsAnswers)
    }

    @Test func `every write has a group of its own and completes at the sync`() {
        var machine = machine(writes: ["w", "x"])
        #expect(send(&machine) == [["w"], ["x"]])
        #expect("\(machine.received(.succeeded))" == "keep(\"w\")")
        #expect("\(machine.received(.sync))" == "complete(\"w\")")
        #expect("\(machine.received(.failed(wantsNewPlan: false)))" == "fail(\"x\")")
        #expect("\(machine.received(.sync))" == "none")
    }

    @Test func `a write whose commit fails is failed although its own result was fine`() {
        var machine = machine(writes: ["w"])
        _ = send(&machine)
        #expect("\(machine.received(.succeeded))" == "keep(\"w\")")
        #expect("\(machine.received(.failed(wantsNewPlan: false)))" == "fail(\"w\")")
        #expect("\(machine.received(.sync))" == "none")
    }

    @Test func `a read skipped because of its neighbour runs again alone`() {
        var machine = machine(reads: ["a", "b", "c"])
        _ = send(&machine)
        #expect("\(machine.received(.succeeded))" == "deliver(\"a\")")
        #expect("\(machine.received(.failed(wantsNewPlan: false)))" == "fail(\"b\")")
        #expect("\(machine.received(.aborted))" == "none")
        #expect("\(machine.received(.sync))" == "none")
        #expect(send(&machine) == [["c"]])
        #expect("\(machine.received(.succeeded))" == "deliver(\"c\")")
    }

    @Test func `a statement that cannot be prepared fails its caller with the preparation's error`() {
        var machine = machine(reads: ["a", "b"])
        _ = send(&machine, preparing: ["a"])
        #expect("\(machine.received(.failed(wantsNewPlan: false)))" == "keepError(Optional(\"a\"))")
        #expect("\(machine.received(.aborted))" == "failWithKeptError(\"a\")")
        #expect("\(machine.received(.aborted))" == "none")
        #expect("\(machine.received(.sync))" == "none")
        #expect(send(&machine) == [["b"]])
    }

    @Test func `a preparation skipped because of a neighbour is forgotten`() {
        var machine = machine(reads: ["a", "b"])
        _ = send(&machine, preparing: ["b"])
        #expect("\(machine.received(.failed(wantsNewPlan: false)))" == "fail(\"a\")")
        #expect("\(machine.received(.aborted))" == "forget(\"b\")")
        #expect("\(machine.received(.aborted))" == "none")
        #expect("\(machine.received(.sync))" == "none")
        #expect(send(&machine) == [["b"]])
    }

    @Test func `a vanished plan is prepared again once, and only once`() {
        for mode in [Machine.Mode.read, .write] {
            var machine = Machine()
            machine.enqueue("a", mode)
            _ = send(&machine)
            #expect("\(machine.received(.failed(wantsNewPlan: true)))" == "forget(\"a\")")
            #expect("\(machine.received(.sync))" == "none")
            #expect(send(&machine) == [["a"]])
            #expect("\(machine.received(.failed(wantsNewPlan: true)))" == "fail(\"a\")")
        }
    }

    @Test func `a statement of a transaction is never run again by itself`() {
        var machine = Machine()
        machine.enqueue("t", .inTransaction)
        _ = send(&machine)
        #expect("\(machine.received(.failed(wantsNewPlan: true)))" == "fail(\"t\")")
    }

    @Test func `groups and what is on the wire have limits`() {
        var machine = machine(reads: (0..<400).map { "r\($0)" })
        let groups = send(&machine)
        #expect(groups.allSatisfy { $0.count == Machine.groupMax })
        #expect(machine.inFlightCount == Machine.inFlightMax)
        #expect(machine.waitingCount == 400 - Machine.inFlightMax)
    }

    @Test func `a lost connection sends reads again once, and leaves writes unknown`() {
        var machine = machine(reads: ["r"], writes: ["w"])
        _ = send(&machine)
        machine.enqueue("later", .write)
        let lost = machine.connectionLost { _ in true }
        #expect(lost.map(\.request) == ["w"])
        #expect(lost.map(\.loss) == [.outcomeUnknown])
        #expect(send(&machine) == [["later"], ["r"]])
        let again = machine.connectionLost { _ in true }
        #expect(again.map(\.request) == ["later", "r"])
        #expect(again.map(\.loss) == [.outcomeUnknown, .unavailable])
    }

    @Test func `a write that awaits only its sync is unknown when the connection is lost`() {
        var machine = machine(writes: ["w"])
        _ = send(&machine)
        _ = machine.received(.succeeded)
        let lost = machine.connectionLost { _ in true }
        #expect(lost.map(\.loss) == [.outcomeUnknown])
    }

    @Test func `what waits can be dropped, what is on the wire stays so that answers match`() {
        var machine = machine(reads: ["a"])
        _ = send(&machine)
        machine.enqueue("b", .read)
        machine.dropWaiting { $0 == "b" }
        #expect(machine.waitingCount == 0)
        machine.dropWaiting { $0 == "a" }
        #expect("\(machine.received(.succeeded))" == "deliver(\"a\")")
    }

    @Test(arguments: [Machine.Outcome.sync, .aborted])
    func `answers that nothing asked for are a violation`(_ outcome: Machine.Outcome) {
        var idle = Machine()
        #expect("\(idle.received(outcome))" == "violation")
        var busy = machine(writes: ["w"])
        _ = send(&busy)
        #expect("\(busy.received(outcome))" == "violation")
    }
}
