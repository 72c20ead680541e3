import Crypto
import HTTPServer

/// The payment code that a person's phone shows at a till: digits, the same as bars, and as a QR code.
enum TillCode {
    /// How long a phone shows a code before it makes another one.
    private static let lifeSeconds = 60

    static func page(prefix: Int, _ text: CashierText) -> Response {
        let code = "\(prefix)" + RandomBytes.make(16).map { String($0 % 10) }.joined()
        let content = """
            <p>\(text.till)</p>\(Barcode(code)?.svg(label: text.till) ?? "")
            <p class="digits">\(code)</p>\(QRCode(code)?.svg(label: text.scan) ?? "")
            """
        return CashierPage.response(text, content, looksAgainAfter: lifeSeconds)
    }
}

/// An even number of digits as bars (ISO/IEC 15417, Code 128, set C).
struct Barcode {
    /// Widths of bars and gaps in turn, beginning with a bar.
    let widths: [Int]

    private static let start = 105, stop = 106, modulus = 103

    /// nil when the text is not an even number of digits.
    init?(_ digits: String) {
        let values = digits.utf8.map { Int($0) - 48 }
        guard !values.isEmpty, values.count % 2 == 0, values.allSatisfy({ (0...9).contains($0) }) else { return nil }
        let pairs = stride(from: 0, to: values.count, by: 2).map { values[$0] * 10 + values[$0 + 1] }
        let check = pairs.enumerated().reduce(Self.start) { $0 + ($1.offset + 1) * $1.element } % Self.modulus
        let symbols = [Self.start] + pairs + [check, Self.stop]
        widths = symbols.flatMap { symbol in Self.patterns[symbol].utf8.map { Int($0) - 48 } }
    }

    /// An SVG with quiet zones of ten modules; `label` is read aloud instead.
    func svg(label: String) -> String {
        var path = "", x = 10
        for (index, width) in widths.enumerated() {
            if index % 2 == 0 { path += "M\(x) 0h\(width)v1h-\(width)z" }
            x += width
        }
        return """
            <svg class="bars" role="img" aria-label="\(label)" viewBox="0 0 \(x + 10) 1" preserveAspectRatio="none" \
            shape-rendering="crispEdges"><path fill="#fff" d="M0 0h\(x + 10)v1H0z"/><path d="\(path)"/></svg>
            """
    }

    /// By the symbol's value.
    static let patterns = """
        212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 \
        123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 \
        232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 \
        313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 \
        111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 \
        111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 \
        114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112
        """.split(separator: " ").map(String.init)
}
