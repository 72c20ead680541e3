import HTTPCore

/// Writes the heads of answers as bytes: into memory of the stack, and from there to the output in one piece.
enum ResponseEncoder {
    /// What follows a head on the wire.
    enum Framing {
        case none
        case length(Int)
        case chunked
        case untilClose
    }

    /// More than everything in a head but its fields.
    private static let fixedBytesMax = 256
    /// Heads up to this size are written on the stack.
    private static let stackBytesMax = 2_048

    static func appendHead(
        _ status: HTTPStatus, _ headers: HTTPHeaders, _ framing: Framing, date: [UInt8], connection: StaticString?,
        to output: inout [UInt8]
    ) {
        let size = fixedBytesMax + headers.wireSize
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: max(size, stackBytesMax)) { memory in
            var writer = HeadWriter(memory)
            writer.append("HTTP/1.1 ")
            writer.append(number: status.code)
            writer.append(" ")
            writer.append(status.reason)
            writer.append("\r\ndate: ")
            date.withUnsafeBufferPointer { writer.append($0) }
            writer.append(headers)
            switch framing {
            case .none, .untilClose: break
            case .length(let count):
                writer.append("\r\ncontent-length: ")
                writer.append(number: count)
            case .chunked: writer.append("\r\ntransfer-encoding: chunked")
            }
            if let connection {
                writer.append("\r\nconnection: ")
                writer.append(connection)
            }
            writer.append("\r\n\r\n")
            output.append(contentsOf: writer.written)
        }
    }

    static func appendChunk(_ bytes: [UInt8], to output: inout [UInt8]) {
        append(hexadecimal: bytes.count, to: &output)
        append("\r\n", to: &output)
        output.append(contentsOf: bytes)
        append("\r\n", to: &output)
    }

    static func append(_ text: StaticString, to output: inout [UInt8]) {
        output.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private static func append(hexadecimal number: Int, to output: inout [UInt8]) {
        let digits = StaticString("0123456789abcdef").utf8Start
        var shift = 0
        while number >> shift >= 16 { shift += 4 }
        while shift >= 0 {
            output.append(digits[number >> shift & 15])
            shift -= 4
        }
    }
}

/// A cursor in memory that is large enough for the head to be written.
private struct HeadWriter {
    private let memory: UnsafeMutableBufferPointer<UInt8>
    private var count = 0

    init(_ memory: UnsafeMutableBufferPointer<UInt8>) {
        self.memory = memory
    }

    var written: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: memory[..<count]) }

    mutating func append(_ text: StaticString) {
        append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let from = bytes.baseAddress, let to = memory.baseAddress else { return }
        precondition(count + bytes.count <= memory.count, "a head larger than it was counted")
        (to + count).update(from: from, count: bytes.count)
        count += bytes.count
    }

    mutating func append(_ headers: HTTPHeaders) {
        count += headers.write(to: UnsafeMutableBufferPointer(rebasing: memory[count...]))
    }

    mutating func append(number: Int) {
        let start = count
        var rest = UInt(number)
        repeat {
            precondition(count < memory.count, "a head larger than it was counted")
            memory[count] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            count += 1
            rest /= 10
        } while rest > 0
        var low = start, high = count - 1
        while low < high {
            (memory[low], memory[high]) = (memory[high], memory[low])
            low += 1
            high -= 1
        }
    }
}
