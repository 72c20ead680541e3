import Crypto
import Models

/// The numbers of signing in, each a setting of the service.
struct SignInLimits: Sendable {
    /// How long a code works, in seconds.
    var codeLifetimeSeconds: Int64 = 300
    /// Wrong tries before a code is dead and its number locked.
    var triesMax: Int = 5
    /// How long a number is locked after that, in seconds.
    var lockSeconds: Int64 = 900
    /// Codes a phone number may ask for in a minute, an hour and a day.
    var codesPerPhone = Windows(minute: 1, hour: 5, day: 10)
    /// Codes an address may ask for in an hour.
    var codesPerAddressHour: Int = 20

    /// Limits over three sliding windows.
    struct Windows: Sendable {
        var minute: Int
        var hour: Int
        var day: Int
    }
}

/// What was asked for lately: the facts that ``SignInRules`` decides on.
struct SignInHistory: Sendable {
    /// Requests of this phone in the last minute, hour and day.
    var phoneMinute = 0
    var phoneHour = 0
    var phoneDay = 0
    /// Requests of this address in the last hour.
    var addressHour = 0
    /// The end of a lock that still holds.
    var lockedUntil: Timestamp?
}

/// Whether a code may be sent; pure, so that the table of cases is a unit test.
enum SignInRules {
    enum Decision: Sendable, Equatable {
        case send
        /// Over a limit, or locked; how long until a next try makes sense.
        case wait(seconds: Int)
    }

    static func decide(_ history: SignInHistory, _ limits: SignInLimits, now: Timestamp) -> Decision {
        if let locked = history.lockedUntil, locked > now {
            return .wait(seconds: Int((locked.microseconds - now.microseconds) / 1_000_000) + 1)
        }
        if history.phoneDay >= limits.codesPerPhone.day { return .wait(seconds: 86_400) }
        if history.phoneHour >= limits.codesPerPhone.hour || history.addressHour >= limits.codesPerAddressHour {
            return .wait(seconds: 3_600)
        }
        return history.phoneMinute >= limits.codesPerPhone.minute ? .wait(seconds: 60) : .send
    }

    /// Six digits, uniform: values of the last incomplete block of a million are drawn again.
    static func makeCode() -> String {
        while true {
            let value = RandomBytes.make(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            guard value < 4_294_000_000 else { continue }
            let digits = String(value % 1_000_000)
            return String(repeating: "0", count: 6 - digits.count) + digits
        }
    }

    /// Whether the text could be a code at all.
    static func isCode(_ text: String) -> Bool {
        text.utf8.count == 6 && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
