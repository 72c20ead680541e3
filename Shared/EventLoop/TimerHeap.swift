/// Names one scheduled callback of a loop.
public struct TimerID: Hashable, Sendable {
    let value: UInt64
}

/// Callbacks ordered by deadline: a binary heap of (deadline, id), with the callbacks beside it.
///
/// Cancelling only forgets the callback; the heap's entry is skipped when it comes up, and the heap is rebuilt when
/// more than half of it is such husks, so a busy canceller cannot grow it without bound.
struct TimerHeap {
    private struct Entry {
        var deadline: Instant
        var id: UInt64
    }

    private var heap: [Entry] = []
    private var callbacks: [UInt64: () -> Void] = [:]
    private var nextID: UInt64 = 0

    var count: Int { callbacks.count }

    /// The earliest deadline with a live callback.
    mutating func earliest() -> Instant? {
        while let top = heap.first {
            if callbacks[top.id] != nil { return top.deadline }
            removeTop()
        }
        return nil
    }

    mutating func add(_ deadline: Instant, _ callback: @escaping () -> Void) -> TimerID {
        nextID += 1
        callbacks[nextID] = callback
        heap.append(Entry(deadline: deadline, id: nextID))
        siftUp(heap.count - 1)
        return TimerID(value: nextID)
    }

    mutating func cancel(_ id: TimerID) {
        guard callbacks.removeValue(forKey: id.value) != nil else { return }
        if heap.count > 64, heap.count > 2 * callbacks.count { rebuild() }
    }

    /// Takes the next callback that is due at `now`.
    mutating func popDue(_ now: Instant) -> (() -> Void)? {
        while let top = heap.first, top.deadline <= now {
            removeTop()
            if let callback = callbacks.removeValue(forKey: top.id) { return callback }
        }
        return nil
    }

    private mutating func rebuild() {
        let live = heap.filter { callbacks[$0.id] != nil }.sorted { $0.deadline < $1.deadline }
        heap = live
    }

    private mutating func removeTop() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap[0] = last
        siftDown(0)
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].deadline < heap[parent].deadline else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].deadline < heap[smallest].deadline {
                smallest = child
            }
            guard smallest != parent else { return }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
