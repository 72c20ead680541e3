import Crypto
import Models

/// The position after the last row of a page, for keyset pagination: opaque to clients, not secret, not signed
/// (a forged cursor only shows the forger other rows that the same request may see).
public enum Cursor {
    /// 1 KiB: far above any key that we page by.
    private static let textLimit = 1_024
    private static let separator: Character = "\u{1F}"

    /// The cursor of a row whose sort key has these parts (each without control characters).
    public static func encode(_ parts: String...) -> String {
        Base64URL.encode([UInt8](parts.joined(separator: String(separator)).utf8))
    }

    /// The parts of a cursor made by ``encode(_:)``.
    ///
    /// - Throws: `ProblemError` 400 `invalid_cursor` when `text` is not a cursor with `count` parts.
    public static func decode(_ text: String, count: Int) throws -> [String] {
        guard text.utf8.count <= textLimit, let bytes = Base64URL.decode(text) else { throw KitProblems.invalidCursor }
        let parts = String(decoding: bytes, as: UTF8.self)
            .split(separator: separator, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == count else { throw KitProblems.invalidCursor }
        return parts
    }
}
