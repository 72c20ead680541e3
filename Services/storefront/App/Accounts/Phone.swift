/// A telephone number in the one form that accounts are known by: 11 digits for a mobile number of mainland China,
/// `+` and the digits of E.164 for all others.
struct Phone: Sendable, Hashable {
    let text: String

    /// Reads what a person typed: spaces, dashes and brackets are ignored, `+86` and `0086` are understood.
    init?(_ typed: String) {
        guard typed.utf8.count <= 32 else { return nil }
        var digits = ""
        var isInternational = false
        for (index, character) in typed.enumerated() {
            switch character {
            case "0"..."9" where character.isASCII: digits.append(character)
            case "+" where index == 0: isInternational = true
            case " ", "-", "(", ")": continue
            default: return nil
            }
        }
        if !isInternational, digits.hasPrefix("00") {
            isInternational = true
            digits.removeFirst(2)
        }
        if isInternational, digits.hasPrefix("86"), Self.isMainlandMobile(digits.dropFirst(2)) {
            isInternational = false
            digits.removeFirst(2)
        }
        if isInternational {
            guard (7...15).contains(digits.count), digits.first != "0" else { return nil }
            text = "+" + digits
        } else {
            guard Self.isMainlandMobile(digits[...]) else { return nil }
            text = digits
        }
    }

    /// For views: `138****0000`. Only the person's own full number is ever shown to that person, and not even that.
    var masked: String {
        guard text.count >= 8 else { return "****" }
        return text.prefix(3) + "****" + text.suffix(text.count >= 11 ? 4 : 2)
    }

    private static func isMainlandMobile(_ digits: Substring) -> Bool {
        digits.count == 11 && digits.first == "1" && ("3"..."9").contains(digits.dropFirst().first ?? "0")
    }
}
