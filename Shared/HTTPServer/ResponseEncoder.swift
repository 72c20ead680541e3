import HTTPCore

/// Writes the heads of answers as bytes.
enum ResponseEncoder {
    /// What follows a head on the wire.
    enum Framing {
        case none
        case length(Int)
        case chunked
        case untilClose
    }

    static func appendHead(
        _ status: HTTPStatus, _ headers: HTTPHeaders, _ framing: Framing, date: [UInt8], connection: StaticString?,
        to output: inout [UInt8]
    ) {
        append("HTTP/1.1 ", to: &output)
        append(number: status.code, to: &output)
        output.append(0x20)
        append(status.reason, to: &output)
        append("\r\ndate: ", to: &output)
        output.append(contentsOf: date)
        for field in headers { append(field, to: &output) }
        switch framing {
        case .none, .untilClose: break
        case .length(let count):
            append("\r\ncontent-length: ", to: &output)
            append(number: count, to: &output)
        case .chunked: append("\r\ntransfer-encoding: chunked", to: &output)
        }
        if let connection {
            append("\r\nconnection: ", to: &output)
            append(connection, to: &output)
        }
        append("\r\n\r\n", to: &output)
    }

    /// A line break in a value would let whoever chose it write header fields or a whole answer: it becomes a space.
    private static func append(_ field: HTTPField, to output: inout [UInt8]) {
        append("\r\n", to: &output)
        output.append(contentsOf: field.name.utf8)
        append(": ", to: &output)
        if field.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) {
            output.append(contentsOf: field.value.utf8)
        } else {
            output.append(contentsOf: field.value.utf8.map { $0 >= 0x20 && $0 != 0x7F ? $0 : 0x20 })
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

    private static func append(number: Int, to output: inout [UInt8]) {
        var divisor = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            output.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
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
