import HTTPCore
import Models

extension Router.Match {
    /// The answer to a request that no route takes.
    func refusal(of head: RequestHead) -> Response {
        switch self {
        case .otherMethods(let methods): Self.otherMethod(head.method, methods)
        case .nothing where head.path == "*":
            Response(status: .noContent, headers: ["allow": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"])
        case .nothing, .route:
            .problem(Problem(
                code: "not_found", title: "Not found", status: 404, detail: "There is nothing at this path."))
        case .malformed:
            .problem(Problem(
                code: "malformed_path", title: "Malformed path", status: 400, detail: "The path cannot be read."))
        }
    }

    /// 405 names the methods that there are (RFC 9110 section 15.5.6); OPTIONS asks for nothing else.
    private static func otherMethod(_ method: HTTPMethod, _ methods: [HTTPMethod]) -> Response {
        let allow = methods.map(\.name).joined(separator: ", ")
        guard method != .options else { return Response(status: .noContent, headers: ["allow": allow]) }
        var response = Response.problem(Problem(
            code: "method_not_allowed", title: "Method not allowed", status: 405,
            detail: "This path answers \(allow)."))
        response.headers.set("allow", allow)
        return response
    }
}
