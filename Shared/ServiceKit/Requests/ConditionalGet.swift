import Crypto
import HTTPCore
public import HTTPServer

extension Response {
    /// The same answer with an `ETag` of its body, or 304 when the client has it already (RFC 9110, section 13.1.2).
    ///
    /// - Parameters:
    ///   - request: its `If-None-Match` decides.
    ///   - cacheControl: for example `public, max-age=10`. `no-cache` lets clients keep it and ask again each time.
    public func conditional(for request: Request, cacheControl: String = "no-cache") -> Response {
        guard status == .ok, case .bytes(let bytes) = body else { return self }
        // 96 bits tell versions of one resource apart beyond any doubt.
        let tag = "\"" + Base64URL.encode(Array(SHA256.hash(bytes).prefix(12))) + "\""
        var response = self
        response.headers.set("etag", tag)
        response.headers.set("cache-control", cacheControl)
        guard Self.matches(request.headers["if-none-match"], tag) else { return response }
        return Response(
            status: .notModified, headers: ["etag": tag, "cache-control": cacheControl], body: .none)
    }

    /// The answer of a resource whose version is known before it is read: 304 without reading it when the client has
    /// this version, else what `read` gives, under the tag.
    ///
    /// - Parameter tag: with its quotes; equal tags must mean equal bytes.
    public static func versioned(
        _ tag: String, for request: Request, cacheControl: String = "no-cache",
        _ read: () async throws -> Response
    ) async rethrows -> Response {
        if matches(request.headers["if-none-match"], tag) {
            return Response(
                status: .notModified, headers: ["etag": tag, "cache-control": cacheControl], body: .none)
        }
        var response = try await read()
        response.headers.set("etag", tag)
        response.headers.set("cache-control", cacheControl)
        return response
    }

    /// Weak comparison: `W/"x"` equals `"x"`; `*` matches anything.
    static func matches(_ header: String?, _ tag: String) -> Bool {
        guard let header else { return false }
        return header.split(separator: ",").contains { part in
            var candidate = part.drop { $0 == " " || $0 == "\t" }
            while candidate.last == " " || candidate.last == "\t" { candidate.removeLast() }
            return candidate == "*" || candidate == tag || (candidate.hasPrefix("W/") && candidate.dropFirst(2) == tag)
        }
    }
}
