/// Who holds which of a fixed number of connections, and who waits. No I/O.
struct PoolStateMachine {
    enum LeaseAction: Equatable {
        /// Take this slot.
        case lease(Int)
        /// Wait for ``release(_:)``.
        case wait
        /// Too many wait already.
        case refuse
    }

    let slotCount: Int
    let waitersMax: Int
    /// Free slots; the one used last is taken first, so that few connections stay warm.
    private var free: [Int]
    private var waiters = RingBuffer<UInt64>()

    init(slotCount: Int, waitersMax: Int) {
        self.slotCount = slotCount
        self.waitersMax = waitersMax
        free = Array((0..<slotCount).reversed())
    }

    var leasedCount: Int { slotCount - free.count }
    var waitingCount: Int { waiters.count }

    mutating func lease(waiter: UInt64) -> LeaseAction {
        if let slot = free.popLast() { return .lease(slot) }
        guard waiters.count < waitersMax else { return .refuse }
        waiters.append(waiter)
        return .wait
    }

    /// Gives a slot back. Returns the waiter that gets it at once, the longest waiting first.
    mutating func release(_ slot: Int) -> UInt64? {
        assert(!free.contains(slot), "a slot is released once")
        if let waiter = waiters.popFirst() { return waiter }
        free.append(slot)
        return nil
    }

    /// A waiter gave up. False when it has got a slot already.
    mutating func abandon(_ waiter: UInt64) -> Bool {
        let before = waiters.count
        waiters.filter { $0 != waiter }
        return waiters.count < before
    }

    /// Removes and returns everyone who waits.
    mutating func abandonAll() -> [UInt64] {
        var all: [UInt64] = []
        while let waiter = waiters.popFirst() { all.append(waiter) }
        return all
    }
}
