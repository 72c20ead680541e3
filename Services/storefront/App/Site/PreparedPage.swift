/// A page that is the same for everybody but for the token in its forms.
struct PreparedPage: Sendable {
    /// What stands between the tokens.
    private let parts: [[UInt8]]
    let byteCount: Int

    /// - Parameter mark: stands where tokens belong, and is too long and random to stand anywhere else.
    init(_ page: [UInt8], mark: [UInt8]) {
        var parts: [[UInt8]] = []
        var start = 0
        var index = 0
        while index + mark.count <= page.count {
            if page[index] == mark[0], page[index..<(index + mark.count)].elementsEqual(mark) {
                parts.append(Array(page[start..<index]))
                index += mark.count
                start = index
            } else {
                index += 1
            }
        }
        parts.append(Array(page[start...]))
        self.parts = parts
        byteCount = page.count
    }

    /// The page with this token in its forms.
    func bytes(token: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount + token.utf8.count * parts.count)
        var isFirst = true
        for part in parts {
            if !isFirst { bytes.append(contentsOf: token.utf8) }
            bytes.append(contentsOf: part)
            isFirst = false
        }
        return bytes
    }
}
