/// The members of a JSON object of any shape, in the order of their names.
///
/// A sorted array rather than a dictionary: objects have few members, so reading one costs no hashing and mostly a single
/// allocation, equal objects have equal texts, and a name is found by halving.
public struct JSONObject: Hashable, Sendable {
    /// A name and its value.
    public struct Member: Hashable, Sendable {
        public let name: String
        public var value: JSONValue
    }

    private var members: [Member] = []

    /// An object without members.
    public init() {}

    /// The members given; of several with one name the last counts.
    public init(_ pairs: [(String, JSONValue)]) {
        members = pairs.map { Member(name: $0.0, value: $0.1) }
        settle()
    }

    /// The value of a member; setting nil removes it. Setting takes time in proportion to the members there are.
    public subscript(name: String) -> JSONValue? {
        get {
            let place = place(of: name)
            guard place < members.count, members[place].name == name else { return .none }
            return members[place].value
        }
        set {
            let place = place(of: name)
            let isThere = place < members.count && members[place].name == name
            switch (newValue, isThere) {
            case (let value?, true): members[place].value = value
            case (let value?, false): members.insert(Member(name: name, value: value), at: place)
            case (nil, true): members.remove(at: place)
            case (nil, false): break
            }
        }
    }

    /// The first place whose name does not come before `name`.
    private func place(of name: String) -> Int {
        var low = 0
        var high = members.count
        while low < high {
            let middle = (low + high) / 2
            if members[middle].name < name { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Brings members in the order they came into the order of their names, the last of equals staying.
    private mutating func settle() {
        var isSettled = true
        for index in members.indices.dropFirst() where members[index - 1].name >= members[index].name {
            isSettled = false
            break
        }
        guard !isSettled else { return }
        // The sort keeps the order of equals, so the last of them is the last that came.
        members.sort { $0.name < $1.name }
        var kept: [Member] = []
        kept.reserveCapacity(members.count)
        for member in members {
            if kept.last?.name == member.name { kept.removeLast() }
            kept.append(member)
        }
        members = kept
    }
}

extension JSONObject: RandomAccessCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { members.count }
    public subscript(position: Int) -> Member { members[position] }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}

extension JSONObject: JSONWritable, JSONReadable {
    /// Writes the members in the order of their names, so that equal objects have equal texts.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        for member in members {
            json.key(member.name)
            member.value.write(to: &json)
        }
        json.endObject()
    }

    public init(from json: inout JSONReader) throws(JSONError) {
        var read: [Member] = []
        try json.object { (json, key) throws(JSONError) in
            if read.isEmpty { read.reserveCapacity(8) }
            read.append(Member(name: key.text, value: try JSONValue(from: &json)))
        }
        members = read
        settle()
    }
}
