public import JSON

/// What is wrong with one field of a request.
public struct FieldError: Hashable, Sendable {
    /// RFC 6901 pointer into the body, or the name of a query parameter or header.
    public var pointer: String
    /// Stable code, for programs.
    public var code: String
    /// What is wrong, for people.
    public var detail: String

    /// Makes an error of one field.
    public init(pointer: String, code: String, detail: String) {
        self.pointer = pointer
        self.code = code
        self.detail = detail
    }
}

extension FieldError: JSONWritable, JSONReadable {
    /// Writes the three members.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("pointer", pointer)
        json.field("code", code)
        json.field("detail", detail)
        json.endObject()
    }

    /// Reads the three members.
    public init(from json: inout JSONReader) throws(JSONError) {
        var pointer: String?
        var code: String?
        var detail: String?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "pointer": pointer = try json.read()
            case "code": code = try json.read()
            case "detail": detail = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            pointer: try json.require(&pointer, "pointer"), code: try json.require(&code, "code"),
            detail: detail ?? "")
    }
}

/// Why a request was refused, as RFC 9457 has it (`application/problem+json`).
///
/// Programs switch on `code`; people read `title` and `detail`. Nothing internal is ever in it.
public struct Problem: Hashable, Sendable {
    /// Stable snake_case code: `out_of_stock`. The problem's `type` is `/problems/<code>`.
    public var code: String
    /// Constant text of the kind.
    public var title: String
    /// The HTTP status it comes with.
    public var status: Int
    /// What happened here, and what the caller can do.
    public var detail: String
    /// The path of the request.
    public var instance: String?
    /// Each field at fault.
    public var errors: [FieldError]
    /// Facts for programs, such as `available: 2`; written beside the other members.
    public var extensions: [String: JSONValue]
    /// When trying again makes sense; also sent as `Retry-After`.
    public var retryAfterSeconds: Int?

    /// Makes a problem.
    public init(
        code: String, title: String, status: Int, detail: String, instance: String? = nil,
        errors: [FieldError] = [], extensions: [String: JSONValue] = [:], retryAfterSeconds: Int? = nil
    ) {
        self.code = code
        self.title = title
        self.status = status
        self.detail = detail
        self.instance = instance
        self.errors = errors
        self.extensions = extensions
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// The problem's URI reference.
    public var type: String { "/problems/\(code)" }
}

extension Problem: JSONWritable, JSONReadable {
    /// Writes the members of RFC 9457 section 3.1, ours, and the extensions.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("type", type)
        json.field("title", title)
        json.field("status", status)
        json.field("code", code)
        json.field("detail", detail)
        json.field("instance", instance)
        if !errors.isEmpty { json.field("errors", errors) }
        for (name, value) in extensions.sorted(by: { $0.key < $1.key }) {
            json.key(name)
            value.write(to: &json)
        }
        json.endObject()
    }

    /// Reads a problem; members it does not know become extensions.
    public init(from json: inout JSONReader) throws(JSONError) {
        var problem = Problem(code: "", title: "", status: 0, detail: "")
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "type": _ = try json.string()
            case "title": problem.title = try json.read()
            case "status": problem.status = try json.read()
            case "code": problem.code = try json.read()
            case "detail": problem.detail = try json.read()
            case "instance": problem.instance = try json.read()
            case "errors": problem.errors = try json.read()
            default:
                let value: JSONValue = try json.read()
                problem.extensions[key.text] = value
            }
        }
        guard !problem.code.isEmpty else { throw json.invalid("is not a problem: it has no code") }
        self = problem
    }
}

/// A problem as an error: thrown anywhere below a request's handler, it becomes the answer.
public struct ProblemError: Error, Hashable, Sendable {
    /// The answer to give.
    public var problem: Problem

    /// Wraps a problem.
    public init(_ problem: Problem) {
        self.problem = problem
    }
}
