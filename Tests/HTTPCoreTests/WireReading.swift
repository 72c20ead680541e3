@testable import HTTPCore

/// What a reader made of a connection's bytes: the messages, and how it ended.
struct WireReading: Equatable {
    struct Message: Equatable {
        var method: String
        var path: String
        var query: String?
        var fields: [String]
        var body: String
        var keepsAlive: Bool
    }

    var messages: [Message] = []
    /// The status of the refusal, if there was one.
    var refusal: Int?
    /// Whether bytes were left that make no whole message.
    var isIncomplete = false

    /// Reads `bytes` as a server does, given in pieces of the sizes that `pieces` yields (the rest at once at the end).
    static func of(_ bytes: [UInt8], pieces: [Int] = [], limits: HTTPLimits = HTTPLimits()) -> WireReading {
        var reader = WireReader(limits: limits)
        var start = 0
        for size in pieces + [bytes.count] {
            let end = min(start + size, bytes.count)
            reader.take(bytes[start..<end])
            start = end
            if reader.reading.refusal != nil { break }
        }
        reader.reading.isIncomplete = reader.isIncomplete
        return reader.reading
    }

    static func of(_ text: String, pieces: [Int] = [], limits: HTTPLimits = HTTPLimits()) -> WireReading {
        of(Array(text.utf8), pieces: pieces, limits: limits)
    }
}

/// The head parser and the body decoders put together as a connection does it, without a socket.
private struct WireReader {
    private enum Body {
        case none
        case length(Int)
        case chunked(ChunkedDecoder)
    }

    var reading = WireReading()
    private let limits: HTTPLimits
    private var parser: RequestParser
    private var buffer: [UInt8] = []
    private var head: RequestHead?
    private var body = Body.none
    private var content: [UInt8] = []

    init(limits: HTTPLimits) {
        self.limits = limits
        parser = RequestParser(limits: limits)
    }

    var isIncomplete: Bool { head != nil || !buffer.isEmpty }

    mutating func take(_ bytes: ArraySlice<UInt8>) {
        buffer.append(contentsOf: bytes)
        do throws(RequestRefusal) {
            while reading.refusal == nil, try step() {}
        } catch {
            reading.refusal = error.status.code
        }
    }

    /// Reads one head or one piece of a body; false when more bytes are needed.
    private mutating func step() throws(RequestRefusal) -> Bool {
        guard let head else { return try readHead() }
        switch body {
        case .none: return finish(head)
        case .length(let left):
            let count = min(left, buffer.count)
            content.append(contentsOf: buffer[..<count])
            buffer.removeFirst(count)
            body = .length(left - count)
            return left == count ? finish(head) : false
        case .chunked(var decoder):
            let count = try unwrap(buffer.withUnsafeBufferPointer { bytes in
                catching { () throws(RequestRefusal) in try decoder.decode(bytes, into: &content) }
            })
            buffer.removeFirst(count)
            body = .chunked(decoder)
            return decoder.isDone ? finish(head) : false
        }
    }

    private mutating func readHead() throws(RequestRefusal) -> Bool {
        let found = try unwrap(buffer.withUnsafeBufferPointer { bytes in
            catching { () throws(RequestRefusal) in try parser.next(bytes) }
        })
        guard let found else { return false }
        buffer.removeFirst(found.byteCount)
        head = found
        content = []
        switch found.framing {
        case .none: body = .none
        case .length(let count): body = .length(count)
        case .chunked: body = .chunked(ChunkedDecoder(limits: limits))
        }
        return true
    }

    private mutating func finish(_ head: RequestHead) -> Bool {
        reading.messages.append(WireReading.Message(
            method: head.method.name, path: head.path, query: head.rawQuery,
            fields: head.headers.map { "\($0.name): \($0.value)" },
            body: String(decoding: content, as: UTF8.self), keepsAlive: head.keepsAlive))
        self.head = nil
        return true
    }
}

private func catching<T>(_ body: () throws(RequestRefusal) -> T) -> Result<T, RequestRefusal> {
    do throws(RequestRefusal) { return .success(try body()) } catch { return .failure(error) }
}

private func unwrap<T>(_ result: Result<T, RequestRefusal>) throws(RequestRefusal) -> T { try result.get() }
