/// Why a text is not the JSON that was expected, and where.
public struct JSONError: Error, Hashable, Sendable {
    /// What is wrong, for programs.
    public enum Kind: String, Hashable, Sendable {
        /// The bytes are not JSON (RFC 8259).
        case malformed = "malformed_json"
        /// The value has another type than expected.
        case wrongType = "wrong_type"
        /// A required member is missing.
        case missing = "missing"
        /// A member that nobody reads (strict reading only).
        case unknownMember = "unknown_member"
        /// A member that stands twice.
        case duplicateMember = "duplicate_member"
        /// The value has the right type and breaks a rule.
        case invalid = "invalid"
        /// Deeper than the limit.
        case tooDeep = "too_deep"
    }

    /// What is wrong, for programs.
    public var kind: Kind
    /// Offset of the fault in the text, in bytes.
    public var byteOffset: Int
    /// RFC 6901 pointer to the value at fault; empty for the whole document.
    public var pointer: String
    /// What is wrong, for people.
    public var message: String

    /// Makes an error.
    public init(kind: Kind, byteOffset: Int, pointer: String = "", message: String) {
        self.kind = kind
        self.byteOffset = byteOffset
        self.pointer = pointer
        self.message = message
    }

    /// The same fault seen from the enclosing value.
    func nested(in token: String) -> JSONError {
        var error = self
        error.pointer = "/" + token.replacing("~", with: "~0").replacing("/", with: "~1") + pointer
        return error
    }
}
