import CCrypto

/// Why a cryptographic operation failed. Says nothing about keys or plain text.
public enum CryptoError: Error, Hashable, Sendable {
    /// The text is not a key or certificate of the expected kind.
    case invalidKey
    /// Authentication failed: another key, or the bytes were changed.
    case notAuthentic
    /// The operation is impossible with this input (too long, wrong length).
    case invalidInput
    /// OpenSSL refused what should always work (out of memory).
    case unavailable
}

/// SHA-256 (FIPS 180-4), at once or in parts.
public struct SHA256 {
    private let context: DigestContext

    /// Begins a digest.
    public init() {
        context = DigestContext("SHA256")
    }

    /// Adds bytes.
    public mutating func update(_ bytes: [UInt8]) {
        context.update(bytes)
    }

    /// The 32 bytes of everything added.
    public mutating func finalize() -> [UInt8] {
        context.finish(count: 32)
    }

    /// The 32 bytes of `bytes`.
    public static func hash(_ bytes: [UInt8]) -> [UInt8] {
        digest("SHA256", bytes, count: 32)
    }
}

/// SHA-1: only where a protocol of others demands it (bill hashes of WeChat Pay).
public enum SHA1 {
    /// The 20 bytes of `bytes`.
    public static func hash(_ bytes: [UInt8]) -> [UInt8] {
        digest("SHA1", bytes, count: 20)
    }
}

private func digest(_ name: String, _ bytes: [UInt8], count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { out, initialized in
        let ok = bytes.withUnsafeBytes { ccrypto_hash(name, $0.baseAddress, $0.count, out.baseAddress) }
        precondition(ok == 1, "OpenSSL has no \(name)")
        initialized = count
    }
}

private final class DigestContext {
    private let pointer: OpaquePointer

    init(_ name: String) {
        guard let pointer = ccrypto_digest_make(name) else { preconditionFailure("OpenSSL has no \(name)") }
        self.pointer = pointer
    }

    deinit { ccrypto_digest_free(pointer) }

    func update(_ bytes: [UInt8]) {
        let ok = bytes.withUnsafeBytes { ccrypto_digest_update(pointer, $0.baseAddress, $0.count) }
        precondition(ok == 1, "a digest cannot fail")
    }

    func finish(count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { out, initialized in
            precondition(ccrypto_digest_finish(pointer, out.baseAddress) == 1, "a digest cannot fail")
            initialized = count
        }
    }
}

/// HMAC with SHA-256 (RFC 2104).
public enum HMACSHA256 {
    /// The 32-byte code of `message`.
    public static func authenticate(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { out, initialized in
            let ok = key.withUnsafeBytes { key in
                message.withUnsafeBytes { message in
                    // OpenSSL takes a null key for "the key of before"; an empty key must not be null.
                    withUnsafeBytes(of: 0) { zero in
                        ccrypto_hmac_sha256(
                            key.baseAddress ?? zero.baseAddress, key.count, message.baseAddress, message.count,
                            out.baseAddress)
                    }
                }
            }
            precondition(ok == 1, "HMAC cannot fail")
            initialized = 32
        }
    }
}

/// Comparing secrets.
public enum ConstantTime {
    /// Whether both are equal, in a time that does not tell where they differ. Their lengths may be told.
    public static func equals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return left.withUnsafeBytes { left in
            right.withUnsafeBytes { ccrypto_equal(left.baseAddress, $0.baseAddress, $0.count) == 1 }
        }
    }
}

/// Bytes nobody can guess.
public enum RandomBytes {
    /// `count` bytes of OpenSSL's generator.
    public static func make(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { out, initialized in
            precondition(ccrypto_random(out.baseAddress, count) == 1, "no randomness")
            initialized = count
        }
    }
}
