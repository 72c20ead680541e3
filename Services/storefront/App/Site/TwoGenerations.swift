import EventLoop

/// Values of the keys that were asked for last, bounded in bytes.
///
/// Two generations instead of a list of uses: what is asked for moves into the young one; when that has half of the
/// room, the old one is forgotten and the young one becomes old. Each step takes the same time however much is kept.
final class TwoGenerations<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry {
        let value: Value
        var bytes: Int
    }
    private struct State {
        var young: [Key: Entry] = [:]
        var old: [Key: Entry] = [:]
        var youngBytes = 0
        var oldBytes = 0
    }
    private let bytesMax: Int
    private let state = Locked(State())

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// The sum of what was said of the values; at most what was allowed, and one value.
    var byteCount: Int { state.withLock { $0.youngBytes + $0.oldBytes } }

    func get(_ key: Key) -> Value? {
        state.withLock { state in
            if let entry = state.young[key] { return entry.value }
            guard let entry = state.old.removeValue(forKey: key) else { return nil }
            state.oldBytes -= entry.bytes
            put(key, entry, &state)
            return entry.value
        }
    }

    /// Keeps a value, unless another came first: gives the one that is kept.
    func add(_ key: Key, _ value: Value, bytes: Int) -> Value {
        state.withLock { state in
            if let entry = state.young[key] { return entry.value }
            put(key, Entry(value: value, bytes: bytes), &state)
            return value
        }
    }

    /// Tells that a value holds more now; nothing when it is not kept any more.
    func grow(_ key: Key, by bytes: Int) {
        state.withLock { state in
            if var entry = state.young.removeValue(forKey: key) {
                state.youngBytes -= entry.bytes
                entry.bytes += bytes
                put(key, entry, &state)
            } else if var entry = state.old.removeValue(forKey: key) {
                state.oldBytes -= entry.bytes
                entry.bytes += bytes
                put(key, entry, &state)
            }
        }
    }

    private func put(_ key: Key, _ entry: Entry, _ state: inout State) {
        if state.youngBytes + entry.bytes > bytesMax / 2, !state.young.isEmpty {
            state.old = state.young
            state.oldBytes = state.youngBytes
            state.young = [:]
            state.youngBytes = 0
        }
        // Larger than a generation may be: not worth keeping.
        guard entry.bytes <= bytesMax / 2 else { return }
        state.young[key] = entry
        state.youngBytes += entry.bytes
    }
}
