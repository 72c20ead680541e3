import CCrypto

/// Owns a parsed key of OpenSSL.
// @unchecked: an EVP_PKEY is not changed after it is made, and each operation uses a context of its own, which OpenSSL
// documents as safe from several threads.
final class KeyHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    init?(_ pointer: OpaquePointer?) {
        guard let pointer else { return nil }
        self.pointer = pointer
    }

    deinit { ccrypto_key_free(pointer) }

    func pem(_ form: String) throws(CryptoError) -> String {
        var count = 0
        guard let text = ccrypto_key_pem(pointer, form, &count) else { throw .unavailable }
        defer { ccrypto_free(text) }
        return String(cString: text)
    }

    func signature(of message: [UInt8]) throws(CryptoError) -> [UInt8] {
        try fill { out, count in ccrypto_sign(pointer, message, message.count, out, &count) }
    }

    func isSignature(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        ccrypto_verify(pointer, message, message.count, signature, signature.count) == 1
    }

    /// Runs an operation that writes at most the key's size.
    func fill(_ operation: (UnsafeMutablePointer<UInt8>?, inout Int) -> Int32) throws(CryptoError) -> [UInt8] {
        var ok: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: ccrypto_key_size(pointer)) { out, initialized in
            var count = out.count
            ok = operation(out.baseAddress, &count)
            initialized = ok == 1 ? count : 0
        }
        guard ok == 1 else { throw .invalidInput }
        return bytes
    }
}
