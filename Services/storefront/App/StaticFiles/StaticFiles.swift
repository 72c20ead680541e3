import Crypto
import HTTPCore
import HTTPServer
import ServiceKit

/// The files of `Static/`, read once at start, compressed once, and served from memory.
///
/// The address of a file holds the hash of its content, so browsers may keep it for a year and still get a new one
/// the moment it changes.
struct StaticFiles: Sendable {
    private struct File: Sendable {
        let name: String
        let type: String
        let hash: String
        let bytes: [UInt8]
        let compressed: [UInt8]
    }

    /// 1 MiB: ten times our largest file.
    private static let bytesMax = 1 << 20
    private static let types: [(name: String, type: String)] = [
        ("linli.css", "text/css; charset=utf-8"), ("page.js", "text/javascript; charset=utf-8"),
        ("steppers.js", "text/javascript; charset=utf-8"), ("live.js", "text/javascript; charset=utf-8"),
        ("place.js", "text/javascript; charset=utf-8"), ("art.svg", "image/svg+xml"), ("logo.svg", "image/svg+xml"),
        ("robots.txt", "text/plain; charset=utf-8"),
    ]

    private let files: [String: File]
    let links: AssetLinks

    /// Reads the folder.
    ///
    /// - Throws: `StartupError` naming the file that is missing.
    init(folder: String) throws {
        var files: [String: File] = [:]
        for (name, type) in Self.types {
            guard let bytes = readWholeFile("\(folder)/\(name)", limit: Self.bytesMax) else {
                throw StartupError(
                    service: "storefront",
                    reasons: ["STOREFRONT_STATIC_DIR: \(folder)/\(name) cannot be read"])
            }
            let hash = Hex.encode(SHA256.hash(bytes).prefix(8))
            files[name] = File(
                name: name, type: type, hash: hash, bytes: bytes, compressed: Deflate.gzip(bytes))
        }
        self.files = files
        func link(_ name: String) -> Link { "/static/\(files[name]?.hash ?? "")/\(name)" }
        links = AssetLinks(
            style: link("linli.css"), logo: link("logo.svg"), art: link("art.svg"), page: link("page.js"),
            steppers: link("steppers.js"), live: link("live.js"), place: link("place.js"))
    }

    /// Answers for `/static/{hash}/{name}`; an old hash gets the present file, to be asked for again.
    func response(name: String, hash: String?, for request: Request) throws -> Response {
        guard let file = files[name] else { throw KitProblems.notFound.error("There is no such file.") }
        let acceptsGzip = request.headers.hasToken("accept-encoding", "gzip")
            && file.compressed.count < file.bytes.count
        let tag = "\"\(file.hash)\(acceptsGzip ? "-gz" : "")\""
        var headers: HTTPHeaders = [
            "etag": tag, "vary": "accept-encoding", "x-content-type-options": "nosniff",
            "cache-control": hash == file.hash ? "public, max-age=31536000, immutable" : "no-cache",
        ]
        if let known = request.headers["if-none-match"], known.contains(tag) {
            return Response(status: .notModified, headers: headers)
        }
        headers.set("content-type", file.type)
        if acceptsGzip { headers.set("content-encoding", "gzip") }
        // An SVG opened by itself is a document: it may do nothing.
        headers.set("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
        return Response(status: .ok, headers: headers, body: .bytes(acceptsGzip ? file.compressed : file.bytes))
    }
}
