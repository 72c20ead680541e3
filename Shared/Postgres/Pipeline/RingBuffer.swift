/// A queue over one array: appending and taking from the front cost the same however long it is.
struct RingBuffer<Element> {
    private var storage: [Element?]
    private var head = 0
    private(set) var count = 0

    init() {
        storage = Array(repeating: nil, count: 16)
    }

    var isEmpty: Bool { count == 0 }

    var first: Element? { count == 0 ? nil : storage[head] }

    mutating func append(_ element: Element) {
        if count == storage.count { grow() }
        storage[(head + count) & (storage.count - 1)] = element
        count += 1
    }

    mutating func prepend(_ element: Element) {
        if count == storage.count { grow() }
        head = (head + storage.count - 1) & (storage.count - 1)
        storage[head] = element
        count += 1
    }

    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = storage[head].take()
        head = (head + 1) & (storage.count - 1)
        count -= 1
        return element
    }

    mutating func removeAll() {
        self = RingBuffer()
    }

    /// Keeps the elements for which `isKept` says so, in order.
    mutating func filter(_ isKept: (Element) -> Bool) {
        var kept = RingBuffer()
        while let element = popFirst() {
            if isKept(element) { kept.append(element) }
        }
        self = kept
    }

    func forEach(_ body: (Element) -> Void) {
        for index in 0..<count {
            if let element = storage[(head + index) & (storage.count - 1)] { body(element) }
        }
    }

    /// Doubles the room; the capacity stays a power of two, so that positions wrap by masking.
    private mutating func grow() {
        var larger: [Element?] = []
        larger.reserveCapacity(storage.count * 2)
        for index in 0..<count { larger.append(storage[(head + index) & (storage.count - 1)]) }
        larger.append(contentsOf: repeatElement(nil, count: storage.count * 2 - count))
        storage = larger
        head = 0
    }
}
