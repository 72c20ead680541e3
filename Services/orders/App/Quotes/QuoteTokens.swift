import Crypto
import JSON
import Models

/// Makes and verifies quote tokens: `<content in base64url>.<HMAC-SHA256 in base64url>`.
///
/// The token is self-contained, so quoting stores nothing and placing needs no look-up; the signature is what makes the
/// client's copy of a price as good as ours.
struct QuoteTokens: Sendable {
    private let hash: KeyedHash

    init(secret: [UInt8]) { hash = KeyedHash(secret: secret, purpose: "linli quote token 1") }

    /// The token of a quote.
    func token(for content: QuoteContent) -> String {
        let text = Base64URL.encode(JSON.encode(content))
        return text + "." + Base64URL.encode(hash.digest([UInt8](text.utf8)))
    }

    /// What a token says.
    ///
    /// - Throws: `.quoteInvalid` when it was not made here, was changed, or was made for another customer. Whether it
    ///   has expired is the caller's question: a repeated request must be answered after that, too.
    func content(of token: String, for customer: AccountID) throws(OrdersError) -> QuoteContent {
        guard let dot = token.utf8.lastIndex(of: UInt8(ascii: ".")) else { throw .quoteInvalid }
        let text = token[..<dot]
        guard let digest = Base64URL.decode(String(token[token.index(after: dot)...])),
            hash.isValid(digest, for: [UInt8](text.utf8)), let bytes = Base64URL.decode(String(text)),
            let content = try? JSON.decode(QuoteContent.self, from: bytes, mode: .lenient)
        else { throw .quoteInvalid }
        guard content.customerID == nil || content.customerID == customer else { throw .quoteInvalid }
        return content
    }
}
