import Synchronization

/// The identity of one request in a distributed trace (W3C Trace Context, version 00):
/// `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
public struct TraceParent: Sendable, Hashable, CustomStringConvertible {
    /// The trace, shared by everything that one customer action caused. Never zero.
    public let traceHigh: UInt64
    public let traceLow: UInt64
    /// This step of the trace. Never zero.
    public let span: UInt64
    /// Bit 0: sampled.
    public let flags: UInt8

    public init(traceHigh: UInt64, traceLow: UInt64, span: UInt64, flags: UInt8 = 1) {
        self.traceHigh = traceHigh
        self.traceLow = traceLow
        self.span = span
        self.flags = flags
    }

    /// Reads a header value; nil when it is not a valid traceparent (section 3.2.2: then a new trace starts).
    public init?(_ text: String) {
        var text = text
        let parsed = text.withUTF8 { bytes -> TraceParent? in
            // A later version may be longer, but keeps these fields; version ff is forbidden.
            guard bytes.count >= 55, bytes[2] == 0x2D, bytes[35] == 0x2D, bytes[52] == 0x2D,
                let version = Self.hex(bytes[0..<2]), version != 0xFF,
                bytes.count == 55 || (version > 0 && bytes[55] == 0x2D),
                let high = Self.hex(bytes[3..<19]), let low = Self.hex(bytes[19..<35]),
                let span = Self.hex(bytes[36..<52]), let flags = Self.hex(bytes[53..<55]),
                high | low != 0, span != 0
            else { return nil }
            return TraceParent(traceHigh: high, traceLow: low, span: span, flags: UInt8(flags))
        }
        guard let parsed else { return nil }
        self = parsed
    }

    /// A new trace with its first step.
    public static func make() -> TraceParent {
        TraceParent(traceHigh: nonzeroID(), traceLow: nonzeroID(), span: nonzeroID())
    }

    /// The next step of the same trace.
    public func child() -> TraceParent {
        TraceParent(traceHigh: traceHigh, traceLow: traceLow, span: Self.nonzeroID(), flags: flags)
    }

    /// The trace's 32 hexadecimal digits.
    public var traceID: String {
        String(unsafeUninitializedCapacity: 32) { text in
            Self.write(traceHigh, digits: 16, to: text, at: 0)
            Self.write(traceLow, digits: 16, to: text, at: 16)
            return 32
        }
    }

    public var description: String {
        // Written for every request, so straight into the string's memory.
        String(unsafeUninitializedCapacity: 55) { text in
            text[2] = 0x2D
            text[35] = 0x2D
            text[52] = 0x2D
            Self.write(0, digits: 2, to: text, at: 0)
            Self.write(traceHigh, digits: 16, to: text, at: 3)
            Self.write(traceLow, digits: 16, to: text, at: 19)
            Self.write(span, digits: 16, to: text, at: 36)
            Self.write(UInt64(flags), digits: 2, to: text, at: 53)
            return 55
        }
    }

    /// 15 hexadecimal digits, unlike any other in this installation: names one request in the logs. A string of 15
    /// bytes needs no memory of its own.
    static func makeRequestID() -> String {
        let id = nonzeroID()
        return String(unsafeUninitializedCapacity: 15) { text in
            write(id, digits: 15, to: text, at: 0)
            return 15
        }
    }

    private static func write(_ word: UInt64, digits: Int, to text: UnsafeMutableBufferPointer<UInt8>, at start: Int) {
        var rest = word
        for position in stride(from: start + digits - 1, through: start, by: -1) {
            let digit = UInt8(truncatingIfNeeded: rest & 15)
            text[position] = digit + (digit < 10 ? 0x30 : 0x57)
            rest >>= 4
        }
    }

    /// Lower-case hexadecimal only, as the specification demands.
    private static func hex(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> UInt64? {
        var value: UInt64 = 0
        for byte in bytes {
            switch byte {
            case 0x30...0x39: value = value << 4 | UInt64(byte - 0x30)
            case 0x61...0x66: value = value << 4 | UInt64(byte - 0x57)
            default: return nil
            }
        }
        return value
    }

    /// Identifiers need to be unlike each other, not secret: one random seed a process and a counter through
    /// SplitMix64's mixer cost 2 ns, a call to the kernel 200.
    private static func nonzeroID() -> UInt64 {
        let step = counter.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
        var mixed = seed &+ step
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        return mixed == 0 ? 1 : mixed
    }
    private static let counter = Atomic<UInt64>(0)
    private static let seed = UInt64.random(in: .min ... .max)
}
