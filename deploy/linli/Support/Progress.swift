import EventLoop
import Glibc

/// A progress bar on standard error: redrawn in place on a terminal, a line every tenth elsewhere.
struct Progress {
    private let label: String
    private let total: Int
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var shownTenths = -1
    private static let width = 30

    init(_ label: String, total: Int) {
        self.label = label
        self.total = max(total, 1)
    }

    mutating func show(_ done: Int) {
        let tenths = done * 10 / total
        if isTerminal {
            let filled = min(done * Self.width / total, Self.width)
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.width - filled)
            note("\r\(label) \(bar) \(done)/\(total)" + (done >= total ? "\n" : ""))
        } else if tenths != shownTenths {
            note("\(label): \(done)/\(total)\n")
        }
        shownTenths = tenths
    }
}

/// Writes to standard error, where progress and complaints go; results go to standard output.
func note(_ text: String) {
    var text = text
    text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

/// A progress bar that tasks side by side move on.
final class Counted: Sendable {
    private let state: Locked<(progress: Progress, done: Int)>

    init(_ progress: Progress) { state = Locked((progress, 0)) }

    func one() {
        state.withLock { state in
            state.done += 1
            state.progress.show(state.done)
        }
    }
}
