/// A QR code of bytes with error correction M, versions 1 to 10 (ISO/IEC 18004): what a phone scans on the cashier's
/// page.
struct QRCode {
    /// Modules a side, without the quiet zone.
    let size: Int
    /// Row by row; true is dark.
    private(set) var modules: [Bool]
    private var isFunction: [Bool]

    /// Codewords of each version: error correction a block, blocks of the short kind, their data, blocks one longer.
    private static let layouts = [
        (10, 1, 16, 0), (16, 1, 28, 0), (26, 1, 44, 0), (18, 2, 32, 0), (24, 2, 43, 0), (16, 4, 27, 0), (18, 4, 31, 0),
        (22, 2, 38, 2), (22, 3, 36, 2), (26, 4, 43, 1),
    ].map { (correction: $0, short: $1, data: $2, long: $3) }
    /// Centres of the alignment patterns of each version.
    private static let alignments = [
        [], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50],
    ]

    /// nil when the text is longer than version 10 holds (213 bytes).
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        let fitting = Self.layouts.indices.first { index in
            let layout = Self.layouts[index]
            let capacity = (layout.short + layout.long) * layout.data + layout.long
            return bytes.count + (index + 1 < 10 ? 2 : 3) <= capacity
        }
        guard let index = fitting else { return nil }
        let version = index + 1
        size = 17 + 4 * version
        modules = Array(repeating: false, count: size * size)
        isFunction = modules
        drawPatterns(version)
        drawData(Self.codewords(bytes, version))
        applyBestMask()
    }

    // MARK: Codewords

    private static func codewords(_ bytes: [UInt8], _ version: Int) -> [UInt8] {
        let layout = layouts[version - 1]
        let capacity = (layout.short + layout.long) * layout.data + layout.long
        // Mode 4 (bytes), the count, the bytes, the terminator: all half-byte aligned.
        var nibbles: [UInt8] = [4]
        if version >= 10 { nibbles += [UInt8(bytes.count >> 12 & 15), UInt8(bytes.count >> 8 & 15)] }
        nibbles += [UInt8(bytes.count >> 4 & 15), UInt8(bytes.count & 15)]
        for byte in bytes { nibbles += [byte >> 4, byte & 15] }
        nibbles.append(0)
        var data = stride(from: 0, to: nibbles.count - 1, by: 2).map { nibbles[$0] << 4 | nibbles[$0 + 1] }
        var padding: UInt8 = 0xEC
        while data.count < capacity {
            data.append(padding)
            padding ^= 0xEC ^ 0x11
        }
        return interleaved(data, layout)
    }

    private static func interleaved(
        _ data: [UInt8], _ layout: (correction: Int, short: Int, data: Int, long: Int)
    ) -> [UInt8] {
        var blocks: [[UInt8]] = [], corrections: [[UInt8]] = [], start = 0
        let divisor = generator(layout.correction)
        for block in 0..<layout.short + layout.long {
            let count = layout.data + (block < layout.short ? 0 : 1)
            blocks.append(Array(data[start..<start + count]))
            corrections.append(remainder(blocks[block], divisor))
            start += count
        }
        var result: [UInt8] = []
        for index in 0...layout.data { result += blocks.compactMap { index < $0.count ? $0[index] : nil } }
        for index in 0..<layout.correction { result += corrections.map { $0[index] } }
        return result
    }

    /// Product in the field of 256 elements with the polynomial 0x11D.
    private static func product(_ left: UInt8, _ right: UInt8) -> UInt8 {
        var result = 0
        for bit in (0..<8).reversed() {
            result = result << 1 ^ (result >> 7) * 0x11D
            if right >> UInt8(bit) & 1 == 1 { result ^= Int(left) }
        }
        return UInt8(result)
    }

    private static func generator(_ degree: Int) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: degree - 1) + [1]
        var root: UInt8 = 1
        for _ in 0..<degree {
            for index in 0..<degree {
                result[index] = product(result[index], root)
                if index + 1 < degree { result[index] ^= result[index + 1] }
            }
            root = product(root, 2)
        }
        return result
    }

    private static func remainder(_ data: [UInt8], _ divisor: [UInt8]) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: divisor.count)
        for byte in data {
            let factor = byte ^ result.removeFirst()
            result.append(0)
            for index in result.indices { result[index] ^= product(divisor[index], factor) }
        }
        return result
    }

    // MARK: Drawing

    private mutating func set(_ x: Int, _ y: Int, _ isDark: Bool) {
        modules[y * size + x] = isDark
        isFunction[y * size + x] = true
    }

    private mutating func drawPatterns(_ version: Int) {
        for index in 0..<size {
            set(6, index, index % 2 == 0)
            set(index, 6, index % 2 == 0)
        }
        for (centreX, centreY) in [(3, 3), (size - 4, 3), (3, size - 4)] { drawFinder(centreX, centreY) }
        let centres = Self.alignments[version - 1]
        for (row, y) in centres.enumerated() {
            for (column, x) in centres.enumerated() {
                let last = centres.count - 1
                let isFinder = (row, column) == (0, 0) || (row, column) == (0, last) || (row, column) == (last, 0)
                if !isFinder { drawAlignment(x, y) }
            }
        }
        drawFormat(mask: 0)
        if version >= 7 { drawVersion(version) }
    }

    private mutating func drawFinder(_ centreX: Int, _ centreY: Int) {
        for dy in -4...4 {
            for dx in -4...4 {
                let x = centreX + dx, y = centreY + dy, distance = max(abs(dx), abs(dy))
                if (0..<size).contains(x), (0..<size).contains(y) { set(x, y, distance != 2 && distance != 4) }
            }
        }
    }

    private mutating func drawAlignment(_ centreX: Int, _ centreY: Int) {
        for dy in -2...2 {
            for dx in -2...2 { set(centreX + dx, centreY + dy, max(abs(dx), abs(dy)) != 1) }
        }
    }

    /// Level M (bits 00) and the mask, twice, with their own error correction.
    private mutating func drawFormat(mask: Int) {
        var rest = mask
        for _ in 0..<10 { rest = rest << 1 ^ (rest >> 9) * 0x537 }
        let bits = (mask << 10 | rest) ^ 0x5412
        let bit = { (index: Int) in bits >> index & 1 == 1 }
        for index in 0..<6 { set(8, index, bit(index)) }
        set(8, 7, bit(6))
        set(8, 8, bit(7))
        set(7, 8, bit(8))
        for index in 9..<15 { set(14 - index, 8, bit(index)) }
        for index in 0..<8 { set(size - 1 - index, 8, bit(index)) }
        for index in 8..<15 { set(8, size - 15 + index, bit(index)) }
        set(8, size - 8, true)
    }

    private mutating func drawVersion(_ version: Int) {
        var rest = version
        for _ in 0..<12 { rest = rest << 1 ^ (rest >> 11) * 0x1F25 }
        let bits = version << 12 | rest
        for index in 0..<18 {
            let isDark = bits >> index & 1 == 1, near = index / 3, far = size - 11 + index % 3
            set(far, near, isDark)
            set(near, far, isDark)
        }
    }

    /// Up and down in columns of two, from the right, around what is drawn.
    private mutating func drawData(_ codewords: [UInt8]) {
        var index = 0
        for right in stride(from: size - 1, through: 1, by: -2) {
            let column = right <= 6 ? right - 1 : right
            for step in 0..<size {
                let isUpward = (column + 1) & 2 == 0
                let y = isUpward ? size - 1 - step : step
                for x in [column, column - 1] where !isFunction[y * size + x] && index < codewords.count * 8 {
                    modules[y * size + x] = codewords[index >> 3] >> UInt8(7 - index & 7) & 1 == 1
                    index += 1
                }
            }
        }
    }

    // MARK: Masks

    private static func isMasked(_ mask: Int, _ x: Int, _ y: Int) -> Bool {
        switch mask {
        case 0: (x + y) % 2 == 0
        case 1: y % 2 == 0
        case 2: x % 3 == 0
        case 3: (x + y) % 3 == 0
        case 4: (x / 3 + y / 2) % 2 == 0
        case 5: x * y % 2 + x * y % 3 == 0
        case 6: (x * y % 2 + x * y % 3) % 2 == 0
        default: ((x + y) % 2 + x * y % 3) % 2 == 0
        }
    }

    private mutating func toggle(_ mask: Int) {
        for y in 0..<size {
            for x in 0..<size where !isFunction[y * size + x] && Self.isMasked(mask, x, y) {
                modules[y * size + x].toggle()
            }
        }
    }

    private mutating func applyBestMask() {
        var best = 0, least = Int.max
        for mask in 0..<8 {
            toggle(mask)
            drawFormat(mask: mask)
            if penalty < least { (best, least) = (mask, penalty) }
            toggle(mask)
        }
        toggle(best)
        drawFormat(mask: best)
    }

    /// How hard it is to read: long runs, squares, what looks like a finder, and an uneven balance.
    private var penalty: Int {
        var result = 0
        for line in 0..<size {
            result += Self.linePenalty((0..<size).map { modules[line * size + $0] })
            result += Self.linePenalty((0..<size).map { modules[$0 * size + line] })
        }
        for y in 0..<size - 1 {
            for x in 0..<size - 1 {
                let first = modules[y * size + x]
                let isSquare = modules[y * size + x + 1] == first && modules[(y + 1) * size + x] == first
                    && modules[(y + 1) * size + x + 1] == first
                if isSquare { result += 3 }
            }
        }
        let dark = modules.count { $0 }
        return result + abs(dark * 20 - modules.count * 10) / modules.count * 10
    }

    private static let finderLike: [[Bool]] = {
        let core = [true, false, true, true, true, false, true], light = [Bool](repeating: false, count: 4)
        return [core + light, light + core]
    }()

    private static func linePenalty(_ line: [Bool]) -> Int {
        var result = 0, run = 0
        for index in line.indices {
            run = index > 0 && line[index] == line[index - 1] ? run + 1 : 1
            if run == 5 { result += 3 } else if run > 5 { result += 1 }
        }
        for start in 0...(line.count - 11) where finderLike.contains(Array(line[start..<start + 11])) { result += 40 }
        return result
    }

    // MARK: Showing

    /// An SVG with the quiet zone of four modules; `label` is read aloud instead.
    func svg(label: String) -> String {
        var path = ""
        for y in 0..<size {
            var x = 0
            while x < size {
                let start = x
                while x < size, modules[y * size + x] { x += 1 }
                if x > start { path += "M\(start + 4) \(y + 4)h\(x - start)v1h-\(x - start)z" } else { x += 1 }
            }
        }
        let side = size + 8
        return """
            <svg class="code" role="img" aria-label="\(label)" viewBox="0 0 \(side) \(side)" \
            shape-rendering="crispEdges"><path fill="#fff" d="M0 0h\(side)v\(side)H0z"/><path d="\(path)"/></svg>
            """
    }
}
