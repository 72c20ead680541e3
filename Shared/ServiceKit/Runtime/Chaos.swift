import Glibc
import EventLoop

/// Labelled points where a test may kill the process: `kit.fault("after-commit-before-answer")`.
///
/// Enabled only by `CHAOS=label` or `CHAOS=label@n` (die at the n-th passage), comma-separated, and only with
/// `LINLI_ENVIRONMENT=development`. Switched off, a point costs one comparison.
public struct Chaos: Sendable {
    private final class Points: Sendable {
        let remaining: Locked<[String: Int]>
        init(_ remaining: [String: Int]) { self.remaining = Locked(remaining) }
    }
    private let points: Points?

    /// No fault points.
    public static let off = Chaos(points: nil)

    private init(points: Points?) { self.points = points }

    /// Reads `CHAOS`.
    static func read(_ reader: inout ConfigurationReader, isDevelopment: Bool) -> Chaos {
        guard let text = reader.optional("CHAOS") else { return .off }
        guard isDevelopment else {
            reader.fail("CHAOS", "is allowed only with LINLI_ENVIRONMENT=development")
            return .off
        }
        var remaining: [String: Int] = [:]
        for entry in text.split(separator: ",") {
            let parts = entry.split(separator: "@", maxSplits: 1)
            guard let label = parts.first, let count = parts.count == 2 ? Int(parts[1]) : 1, count > 0 else {
                reader.fail("CHAOS", "must be labels such as after-commit-before-answer@3")
                return .off
            }
            remaining[String(label)] = count
        }
        return Chaos(points: Points(remaining))
    }

    /// Passes the point `label`: the process dies here as by `kill -9` when the configuration says so.
    public func fault(_ label: StaticString) {
        guard let points else { return }
        let dies = points.remaining.withLock { remaining -> Bool in
            guard let left = remaining[label.description] else { return false }
            remaining[label.description] = left - 1
            return left == 1
        }
        if dies { kill(getpid(), SIGKILL) }
    }
}
