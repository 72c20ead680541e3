/// Where a URL points, as far as a connection is concerned.
struct Endpoint: Hashable, Sendable {
    var host: String
    var port: UInt16

    /// Host and port as in `Host`.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == 80 ? name : "\(name):\(port)"
    }

    /// Takes `http://host[:port]/path?query` apart; nil for anything else. The path goes on the wire as it stands.
    static func parse(_ url: String) -> (endpoint: Endpoint, target: String)? {
        let scheme = "http://"
        guard url.utf8.count > scheme.utf8.count, url.hasPrefix(scheme) else { return nil }
        let rest = url.utf8.dropFirst(scheme.utf8.count)
        let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        guard let endpoint = authority(String(Substring(rest[..<end]))) else { return nil }
        var target = String(Substring(rest[end...]))
        if !target.hasPrefix("/") { target = "/" + target }
        guard target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        return (endpoint, target)
    }

    private static func authority(_ text: String) -> Endpoint? {
        var host = text[...], port: UInt16 = 80
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<close]
            let rest = text[text.index(after: close)...]
            if !rest.isEmpty {
                guard rest.hasPrefix(":"), let number = UInt16(rest.dropFirst()) else { return nil }
                port = number
            }
        } else if let colon = text.firstIndex(of: ":") {
            guard let number = UInt16(text[text.index(after: colon)...]) else { return nil }
            host = text[..<colon]
            port = number
        }
        guard !host.isEmpty, port > 0, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "@") }) else {
            return nil
        }
        return Endpoint(host: String(host), port: port)
    }
}
