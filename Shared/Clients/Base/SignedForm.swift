import Crypto
import EventLoop
import Models

/// Forms as gateways sign and send them.
enum SignedForm {
    /// What is signed: names and values, sorted by name, without empty ones.
    static func text(_ parameters: [String: String]) -> String {
        parameters.filter { !$0.value.isEmpty }
            .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .map { "\($0.key)=\($0.value)" }.joined(separator: "&")
    }

    /// `application/x-www-form-urlencoded`, in UTF-8.
    static func encoded(_ parameters: [String: String]) -> String {
        parameters.sorted { $0.key < $1.key }
            .map { "\(PathPattern.percentEncoded($0.key))=\(PathPattern.percentEncoded($0.value))" }
            .joined(separator: "&")
    }

    /// Signs off the event loop, in Base64; nil when the key cannot.
    static func signature(of text: String, with key: RSAPrivateKey) async -> String? {
        guard let bytes = try? await BlockingPool.shared.run({ try key.sign(Array(text.utf8)) }) else { return nil }
        return Base64.encode(bytes)
    }
}
