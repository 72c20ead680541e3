/// A five-character SQLSTATE, packed into an integer so that comparing costs nothing.
///
/// - Source: PostgreSQL documentation, appendix A.
public struct SQLState: Hashable, Sendable, CustomStringConvertible {
    private let packed: UInt64

    /// A state by its text; anything but five ASCII characters becomes `XX000` (internal error).
    public init(_ text: some StringProtocol) {
        var packed: UInt64 = 0
        var count = 0
        for byte in text.utf8 where byte < 0x80 {
            packed = packed << 8 | UInt64(byte)
            count += 1
        }
        self.packed = count == 5 ? packed : 0x58_58_30_30_30
    }

    /// The five characters.
    public var description: String {
        String(decoding: (0..<5).map { UInt8(truncatingIfNeeded: packed >> (8 * (4 - $0))) }, as: UTF8.self)
    }

    /// The first two characters, which name the class of the error.
    var errorClass: String { String(description.prefix(2)) }

    public static let uniqueViolation = SQLState("23505")
    public static let foreignKeyViolation = SQLState("23503")
    public static let checkViolation = SQLState("23514")
    public static let notNullViolation = SQLState("23502")
    public static let exclusionViolation = SQLState("23P01")
    public static let serializationFailure = SQLState("40001")
    public static let deadlockDetected = SQLState("40P01")
    public static let lockNotAvailable = SQLState("55P03")
    public static let queryCanceled = SQLState("57014")
    /// U+0000 in a text, as a rule.
    public static let characterNotInRepertoire = SQLState("22021")
    public static let invalidTextRepresentation = SQLState("22P02")
    static let adminShutdown = SQLState("57P01")
    static let crashShutdown = SQLState("57P02")
    static let cannotConnectNow = SQLState("57P03")
    static let idleInTransactionTimeout = SQLState("25P03")
    static let featureNotSupported = SQLState("0A000")
    static let invalidStatementName = SQLState("26000")
    static let inFailedTransaction = SQLState("25P02")

    /// Whether a whole transaction that met this may be run again: nothing of it happened.
    public var isRetryableTransaction: Bool { self == .serializationFailure || self == .deadlockDetected }

    /// Whether the same statement may succeed a little later.
    public var isTransient: Bool {
        if self == .lockNotAvailable || self == .queryCanceled { return true }
        // 08 connection, 40 rollback, 53 out of resources, 57 operator intervention.
        return ["08", "40", "53", "57"].contains(errorClass)
    }

    /// Whether the connection ends with this error.
    var endsConnection: Bool {
        self == .adminShutdown || self == .crashShutdown || self == .cannotConnectNow
            || self == .idleInTransactionTimeout || errorClass == "08"
    }

    /// Whether the prepared statement is gone or its plan no longer fits the tables: prepare it again.
    var needsNewPlan: Bool { self == .invalidStatementName || self == .featureNotSupported }
}
