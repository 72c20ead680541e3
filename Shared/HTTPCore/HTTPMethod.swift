/// A request method (RFC 9110 section 9). Names are case-sensitive.
public struct HTTPMethod: Hashable, Sendable, CustomStringConvertible {
    /// The name as on the wire.
    public let name: String

    /// A method of any name.
    public init(_ name: String) {
        self.name = name
    }

    public static let get = HTTPMethod("GET")
    public static let head = HTTPMethod("HEAD")
    public static let post = HTTPMethod("POST")
    public static let put = HTTPMethod("PUT")
    public static let patch = HTTPMethod("PATCH")
    public static let delete = HTTPMethod("DELETE")
    public static let options = HTTPMethod("OPTIONS")
    public static let trace = HTTPMethod("TRACE")
    public static let connect = HTTPMethod("CONNECT")

    /// The methods of RFC 9110 and RFC 5789 that a server recognises: others are answered 501.
    static let known: [HTTPMethod] = [get, post, head, put, patch, delete, options, trace, connect]

    /// The known method whose name is these bytes.
    static func known(_ bytes: UnsafeBufferPointer<UInt8>) -> HTTPMethod? {
        switch bytes.count {
        case 3: if matches(bytes, "GET") { return .get } else if matches(bytes, "PUT") { return .put }
        case 4: if matches(bytes, "POST") { return .post } else if matches(bytes, "HEAD") { return .head }
        case 5: if matches(bytes, "PATCH") { return .patch } else if matches(bytes, "TRACE") { return .trace }
        case 6: if matches(bytes, "DELETE") { return .delete }
        case 7: if matches(bytes, "OPTIONS") { return .options } else if matches(bytes, "CONNECT") { return .connect }
        default: break
        }
        return nil
    }

    private static func matches(_ bytes: UnsafeBufferPointer<UInt8>, _ name: StaticString) -> Bool {
        for index in 0..<bytes.count where bytes[index] != name.utf8Start[index] { return false }
        return true
    }

    /// The name.
    public var description: String { name }
}
