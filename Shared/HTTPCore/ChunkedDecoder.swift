/// Decodes the chunked transfer coding (RFC 9112 section 7.1) as bytes come. Strict: sizes are plain hexadecimal, lines
/// end with CRLF, data is followed by exactly CRLF; extensions are skipped within a limit; trailers are checked and
/// dropped.
public struct ChunkedDecoder: Sendable {
    private enum State: Hashable {
        case size
        case data(Int)
        case dataEnd
        case trailers
        case done
    }

    private let limits: HTTPLimits
    private var state = State.size
    private var trailerBytes = 0
    /// Framing bytes beyond the fair share so far: a million chunks of one byte cost far more than their data.
    private var excess = 0

    /// A decoder at the start of a body.
    public init(limits: HTTPLimits) {
        self.limits = limits
    }

    /// Whether the body has ended.
    public var isDone: Bool { state == .done }

    /// Takes what it can from `input` and appends the data to `output`.
    ///
    /// - Returns: how many bytes of the input were taken; fewer than all when the rest is an incomplete line, or belongs
    ///   to the next message.
    public mutating func decode(
        _ input: UnsafeBufferPointer<UInt8>, into output: inout [UInt8]
    ) throws(RequestRefusal) -> Int {
        var index = 0
        while true {
            switch state {
            case .done: return index
            case .data(let left):
                let count = min(left, input.count - index)
                guard count > 0 else { return index }
                output.append(contentsOf: input[index..<index + count])
                index += count
                state = count == left ? .dataEnd : .data(left - count)
            case .dataEnd:
                guard input.count - index >= 2 else {
                    guard input.count == index || input[index] == 0x0D else { throw malformed() }
                    return index
                }
                guard input[index] == 0x0D, input[index + 1] == 0x0A else { throw malformed() }
                index += 2
                state = .size
            case .size, .trailers:
                guard let end = try lineEnd(input, from: index) else { return index }
                let line = UnsafeBufferPointer(rebasing: input[index..<end])
                if state == .size { try takeSize(line) } else { try takeTrailer(line) }
                index = end + 2
            }
        }
    }

    private func malformed() -> RequestRefusal {
        RequestRefusal(.badRequest, "The chunked body is malformed.")
    }

    /// Where the line that begins at `start` ends (the index of its CR), or nil while that has not come.
    private func lineEnd(_ input: UnsafeBufferPointer<UInt8>, from start: Int) throws(RequestRefusal) -> Int? {
        let limit = state == .size ? limits.chunkLineBytesMax : limits.trailerBytesMax
        var index = start
        while index < input.count {
            let byte = input[index]
            guard index - start <= limit else {
                throw RequestRefusal(state == .size ? .badRequest : .headersTooLarge, "A line of the body is too long.")
            }
            if byte == 0x0D {
                guard index + 1 < input.count else { return nil }
                guard input[index + 1] == 0x0A else { throw malformed() }
                return index
            }
            guard byte >= 0x20 && byte != 0x7F || byte == 0x09 else { throw malformed() }
            index += 1
        }
        return nil
    }

    private mutating func takeSize(_ line: UnsafeBufferPointer<UInt8>) throws(RequestRefusal) {
        var size = 0
        var digits = 0
        while digits < line.count, let value = ASCII.hexValue(line[digits]) {
            guard digits < 16, size <= Int.max >> 4 else { throw malformed() }
            size = size << 4 | Int(value)
            digits += 1
        }
        guard digits > 0, Self.areExtensions(line, from: digits) else { throw malformed() }
        excess = max(0, excess + line.count + 4 - 16 - 2 * min(size, limits.chunkExcessBytesMax))
        guard excess <= limits.chunkExcessBytesMax else {
            throw RequestRefusal(.badRequest, "The body has more chunk framing than data.")
        }
        state = size == 0 ? .trailers : .data(size)
    }

    /// `*( ";" name [ "=" value ] )` (section 7.1.1), without the white space it tolerates for history's sake. Nobody
    /// uses them; they are checked because a parser that looks less closely can be made to see another end of line.
    private static func areExtensions(_ line: UnsafeBufferPointer<UInt8>, from start: Int) -> Bool {
        var index = start
        while index < line.count {
            guard line[index] == UInt8(ascii: ";"), let nameEnd = tokenEnd(line, from: index + 1) else { return false }
            index = nameEnd
            guard index < line.count, line[index] == UInt8(ascii: "=") else { continue }
            index += 1
            if index < line.count, line[index] == UInt8(ascii: "\"") {
                guard let end = quotedEnd(line, from: index + 1) else { return false }
                index = end
            } else {
                guard let end = tokenEnd(line, from: index) else { return false }
                index = end
            }
        }
        return true
    }

    private static func tokenEnd(_ line: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        var index = start
        while index < line.count, ASCII.isToken(line[index]) { index += 1 }
        return index > start ? index : nil
    }

    /// The index behind the closing quote (RFC 9110 section 5.6.4).
    private static func quotedEnd(_ line: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        var index = start
        while index < line.count {
            if line[index] == UInt8(ascii: "\"") { return index + 1 }
            index += line[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }

    private mutating func takeTrailer(_ line: UnsafeBufferPointer<UInt8>) throws(RequestRefusal) {
        if line.isEmpty {
            state = .done
            return
        }
        trailerBytes += line.count
        guard trailerBytes <= limits.trailerBytesMax else {
            throw RequestRefusal(.headersTooLarge, "The trailers are too large.")
        }
        let name = line.prefix { ASCII.isToken($0) }
        guard !name.isEmpty, name.count < line.count, line[name.count] == UInt8(ascii: ":") else { throw malformed() }
    }
}
