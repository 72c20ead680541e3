/// A value that must never reach a log, an error message or a debugger's print: keys, tokens, passwords, phone numbers.
///
/// Printing it in any way gives `[redacted]`; the value itself is reached only by naming `.value`.
public struct Redacted<Value: Sendable>: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// The secret. Reading it is a deliberate act: search the code for `.value` to see who does.
    public let value: Value

    public init(_ value: Value) { self.value = value }

    public var description: String { "[redacted]" }
    public var debugDescription: String { "[redacted]" }
    public var customMirror: Mirror { Mirror(self, children: EmptyCollection()) }
}
