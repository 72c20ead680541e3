import Glibc
import Testing

@testable import Storefront

@Suite struct LookTests {
    static let root = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/Services/storefront"

    private func text(_ path: String) throws -> String {
        String(decoding: try #require(readWholeFile("\(Self.root)/\(path)", limit: 1 << 20)), as: UTF8.self)
    }

    /// The tokens of one theme: `--name: #rrggbb`.
    private func tokens(_ block: Substring) -> [String: UInt32] {
        var tokens: [String: UInt32] = [:]
        for match in block.matches(of: /--([a-z0-9-]+): #([0-9a-f]{6})\b/) {
            tokens[String(match.1)] = UInt32(match.2, radix: 16)
        }
        return tokens
    }

    /// WCAG 2.2, relative luminance.
    private func luminance(_ colour: UInt32) -> Double {
        let channels = [16, 8, 0].map { shift -> Double in
            let value = Double(colour >> UInt32(shift) & 0xFF) / 255
            return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
        }
        return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]
    }

    private func contrast(_ first: UInt32, _ second: UInt32) -> Double {
        let pair = [luminance(first), luminance(second)].sorted()
        return (pair[1] + 0.05) / (pair[0] + 0.05)
    }

    @Test func `text has the contrast that WCAG AA asks for, in both themes`() throws {
        let css = try text("Static/linli.css")
        let parts = css.split(separator: "@media (prefers-color-scheme: dark)", maxSplits: 1)
        let light = tokens(parts[0])
        let dark = light.merging(tokens(parts[1].prefix(900))) { _, new in new }
        let grounds = ["paper", "surface", "sunken"]
        var pairs = grounds.flatMap { ground in ["ink", "ink-2", "ink-3", "brand-ink"].map { ($0, ground) } }
        pairs += [
            ("on-brand", "brand"), ("good", "good-soft"), ("warn", "warn-soft"), ("bad", "bad-soft"),
            ("info", "info-soft"),
            ("brand-ink", "brand-soft"), ("ink", "brand-soft"), ("ink-2", "brand-soft"), ("bad", "surface"),
            ("ink", "good-soft"),
            ("ink-2", "good-soft"),
        ]
        for (name, theme) in [("light", light), ("dark", dark)] {
            for (over, under) in pairs {
                let ratio = contrast(try #require(theme[over]), try #require(theme[under]))
                #expect(ratio >= 4.5, "\(name): \(over) on \(under) is \(ratio)")
            }
            // Borders of fields and signs: 3 to 1 (WCAG 1.4.11).
            for (over, under) in [("line-strong", "surface"), ("star", "surface"), ("brand", "surface")] {
                let ratio = contrast(try #require(theme[over]), try #require(theme[under]))
                #expect(ratio >= 3, "\(name): \(over) on \(under) is \(ratio)")
            }
        }
    }

    @Test(arguments: ["Site", "Shop", "Orders", "People", "Console", "Pictures", "Tenders"])
    func `every phrase is there in both languages with the same places`(table: String) throws {
        let source = try text("Strings/Phrases+\(table).swift")
        var count = 0
        for match in source.matches(of: /static let (\w+) = Phrase\(\s*"((?:[^"\\]|\\.)*)",\s*"((?:[^"\\]|\\.)*)"\)/) {
            let (name, zh, en) = (match.1, match.2, match.3)
            count += 1
            #expect(!zh.isEmpty && !en.isEmpty, "\(name)")
            #expect(zh.matches(of: /\{\}/).count == en.matches(of: /\{\}/).count, "\(name) has other places")
            #expect(
                name == "otherLanguage" || !en.unicodeScalars.contains { (0x4E00...0x9FFF).contains($0.value) },
                "\(name) is not English")
        }
        #expect(count == source.split(separator: "\n").count { $0.contains("static let") })
    }

    @Test func `every drawing that the program names is on the sheet`() throws {
        let sheet = try text("Static/art.svg")
        for name in ["chicken bowl", "Steak Burrito", "Canned Soda", "Latte", "unheard of"] {
            #expect(sheet.contains("id=\"\(Pictures.drawing("", name: name))\""))
        }
        for picture in [
            "berry", "dumpling", "egg", "leaf", "drink", "bun", "cat", "dog", "grape", "house", "peach", "scissors",
        ] {
            #expect(Pictures.drawing(picture, name: "") != "parcel")
            #expect(sheet.contains("id=\"\(Pictures.drawing(picture, name: ""))\""))
        }
    }

    @Test(arguments: [
        ("Chicken SALAD Bowl", "salad"), ("Scallion noodles 2", "noodles"), ("Iced Milk Tea", "milktea"), ("tea", "tea"),
        ("Soft  drink", "parcel"), ("葱油拌面", "parcel"), ("te", "parcel"), ("", "parcel"),
    ])
    func `an item without a picture is drawn as its name says`(name: String, drawing: String) {
        #expect(Pictures.drawing("", name: name) == drawing)
    }

    @Test func `compressed files come back whole`() throws {
        var random = SystemRandomNumberGenerator()
        let noise = (0..<3_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        for input in [
            [], Array("a".utf8), [UInt8](repeating: 65, count: 70_000), noise, Array(try text("Static/art.svg").utf8),
        ] {
            let packed = Deflate.gzip(input)
            #expect(Inflate.gunzip(packed) == input)
        }
        let css = Array(try text("Static/linli.css").utf8)
        #expect(Deflate.gzip(css).count < css.count / 2)
    }
}

/// Reads what ``Deflate`` writes: one block with fixed codes. Independent of it, from RFC 1951.
enum Inflate {
    static func gunzip(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count > 18, bytes[0] == 0x1F, bytes[1] == 0x8B else { return nil }
        var at = 80
        func bit() -> Int {
            defer { at += 1 }
            return Int(bytes[at / 8] >> UInt8(at % 8)) & 1
        }
        func bits(_ count: Int) -> Int { (0..<count).reduce(0) { $0 | bit() << $1 } }
        func code(_ count: Int) -> Int { (0..<count).reduce(0) { value, _ in value << 1 | bit() } }
        guard bits(3) == 0b011 else { return nil }
        var output: [UInt8] = []
        let bases = [
            3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
            227, 258,
        ]
        let extras = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]
        while true {
            var symbol = code(7)
            if symbol <= 23 {
                symbol += 256
            } else {
                symbol = symbol << 1 | bit()
                switch symbol {
                case 0x30...0xBF: symbol -= 0x30
                case 0xC0...0xC7: symbol += 280 - 0xC0
                default: symbol = (symbol << 1 | bit()) - 0x190 + 144
                }
            }
            if symbol < 256 {
                output.append(UInt8(symbol))
                continue
            }
            if symbol == 256 { return output }
            let length = bases[symbol - 257] + bits(extras[symbol - 257])
            let far = code(5)
            let extra = far < 4 ? 0 : far / 2 - 1
            let distance = (far < 4 ? far : (2 + far % 2) << extra) + bits(extra) + 1
            guard distance <= output.count else { return nil }
            for _ in 0..<length { output.append(output[output.count - distance]) }
        }
    }
}
