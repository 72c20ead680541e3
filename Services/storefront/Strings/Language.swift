/// The languages of the website.
enum Language: String, Sendable, CaseIterable {
    case zh, en

    /// The value of `<html lang>` (BCP 47).
    var tag: StaticString { self == .zh ? "zh-CN" : "en" }

    var other: Language { self == .zh ? .en : .zh }

    /// The best of `Accept-Language` (RFC 9110 section 12.5.4): the highest weight that is ours, Chinese otherwise.
    init(accepting header: String?) {
        var best: (language: Language, weight: Double) = (.zh, 0)
        for entry in (header ?? "").split(separator: ",").prefix(12) {
            let parts = entry.split(separator: ";")
            guard let range = parts.first?.drop(while: { $0 == " " }).lowercased() else { continue }
            var weight = 1.0
            for parameter in parts.dropFirst() {
                let text = parameter.filter { $0 != " " }
                if text.hasPrefix("q=") { weight = Double(text.dropFirst(2)) ?? 0 }
            }
            guard let language = Language(rawValue: String(range.prefix(2))), weight > best.weight else { continue }
            best = (language, weight)
        }
        self = best.language
    }
}

/// One thing the website says, in both languages, so that a phrase without its translation does not compile.
/// `{}` marks the place of a value. Tables are in the files beside this one, one a part of the website.
struct Phrase: Sendable {
    let zh: StaticString
    let en: StaticString

    init(_ zh: StaticString, _ en: StaticString) {
        self.zh = zh
        self.en = en
    }
}

/// Speaks one language: `words[.addToCart]`.
struct Words: Sendable {
    let language: Language

    subscript(_ phrase: Phrase) -> StaticString { language == .zh ? phrase.zh : phrase.en }

    /// The phrase with its `{}` places filled in order.
    func callAsFunction(_ phrase: Phrase, _ values: String...) -> String {
        var text = ""
        var rest = Substring(self[phrase].description)
        for value in values {
            guard let place = rest.firstIndex(of: "{") else { break }
            text += rest[..<place] + value
            rest = rest[place...].dropFirst(2)
        }
        return text + rest
    }

    func callAsFunction(_ phrase: Phrase, _ number: Int) -> String { self(phrase, String(number)) }
}
