import HTTPServer
import JSON

/// How much of a body is read, by what it may carry.
enum BodyLimits {
    /// 64 KiB: one object.
    static let small = 65_536
    /// 1 MiB: lists, such as 1,000 rows of an import or 500 reservations.
    static let large = 1_048_576
}

extension Request {
    /// The body as it came, and read strictly as a value.
    ///
    /// - Throws: 413 above the limit, `JSONError` (400 with the pointer) when it is not such a value.
    // Never inlined: inlined into a handler it crashes Swift 6.3's optimiser (coroutine splitting, swifterror).
    @inline(never)
    func json<Value: JSONReadable>(
        _ type: Value.Type, upTo limit: Int
    ) async throws -> (body: [UInt8], value: Value) {
        var stream = body
        let bytes = try await stream.collect(upTo: limit)
        return (bytes, try JSON.decode(type, from: bytes, mode: .strict))
    }
}
