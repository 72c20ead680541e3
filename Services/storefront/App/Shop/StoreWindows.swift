import Clients
import EventLoop
import Models
import ServiceKit

/// The windows of stores as last seen, each shown only after the catalog said that it is still so.
///
/// Every view asks the catalog, because prices and stock must be right at once; views of one store that come while a
/// question is under way share the next one. Nobody is answered by a question that was asked before they came.
final class StoreWindows: Sendable {
    /// 16 MiB of windows and pages: about 200 stores in both languages. Others are asked for whole.
    static let bytesMax = 16 << 20

    private let ask: @Sendable (StoreID, String?, CallContext) async throws -> StoreWindowAnswer?
    private let kept: TwoGenerations<StoreID, Kept>

    init(
        bytesMax: Int = StoreWindows.bytesMax,
        _ ask: @escaping @Sendable (StoreID, String?, CallContext) async throws -> StoreWindowAnswer?
    ) {
        self.ask = ask
        kept = TwoGenerations(bytesMax: bytesMax)
    }

    convenience init(catalog: CatalogClient) {
        self.init { id, version, context in
            guard let answer = try await catalog.window(of: id, known: version, context) else { return nil }
            return StoreWindowAnswer(window: answer.window, version: answer.version, byteCount: answer.byteCount)
        }
    }

    /// How many bytes are kept, by our reckoning.
    var byteCount: Int { kept.byteCount }

    /// The window of a store as it is now. Call on an event loop.
    ///
    /// - Throws: `ServiceClientError`.
    func now(_ id: StoreID, _ context: CallContext) async throws -> ShownWindow {
        let kept = self.kept.get(id) ?? self.kept.add(id, Kept(), bytes: 512)
        do {
            return try await kept.questions.submit(
                Question(context: context) { try await self.look(id, kept, $0) }, deadline: context.deadline)
        } catch is BatcherError {
            throw ServiceClientError.unavailable(service: "catalog")
        }
    }

    private func look(_ id: StoreID, _ kept: Kept, _ context: CallContext) async throws -> ShownWindow {
        let known = kept.shown.withLock { $0 }
        if let answer = try await ask(id, known?.version, context) {
            let shown = ShownWindow(answer) { [weak self] bytes in self?.kept.grow(id, by: bytes) }
            kept.shown.withLock { $0 = shown }
            // In memory a window takes about four times its text.
            self.kept.grow(id, by: answer.byteCount * 4)
            return shown
        }
        guard let known else { throw ServiceClientError.unreadable(service: "catalog", status: 304) }
        return known
    }

    private struct Question: Sendable {
        let context: CallContext
        let look: @Sendable (CallContext) async throws -> ShownWindow
    }

    /// What is kept of one store.
    private final class Kept: Sendable {
        let shown = Locked<ShownWindow?>(nil)
        /// One question at a time, with the latest deadline of those who wait for it.
        let questions = Batcher<Question, ShownWindow>(limit: 1_024) { questions in
            guard let last = questions.max(by: { $0.context.deadline < $1.context.deadline }) else { return [] }
            let shown = try await last.look(last.context)
            return questions.map { _ in .success(shown) }
        }
    }
}

/// What the catalog tells of a store's window.
struct StoreWindowAnswer: Sendable {
    let window: StoreWindow
    let version: String?
    /// The length of its text.
    let byteCount: Int
}

/// A version of a store's window with the pages that were made of it.
final class ShownWindow: Sendable {
    /// What a page depends on beside the window.
    struct Look: Hashable {
        let language: Language
        /// The day that is marked in the opening hours.
        let weekday: Int
    }

    let window: StoreWindow
    /// Nil: the catalog named none, so the next view asks for all again.
    let version: String?
    /// Where its page is.
    let path: String
    private let pages = Locked<[Look: PreparedPage]>([:])
    private let grown: @Sendable (Int) -> Void

    init(_ answer: StoreWindowAnswer, grown: @escaping @Sendable (Int) -> Void = { _ in }) {
        window = answer.window
        version = answer.version
        path = "/stores/\(answer.window.store.summary.id)"
        self.grown = grown
    }

    /// The page of a look; made once. A version lives through one midnight at most, so there are few.
    func page(_ look: Look, _ make: () -> PreparedPage) -> PreparedPage {
        if let page = pages.withLock({ $0[look] }) { return page }
        let page = make()
        pages.withLock { $0[look] = page }
        grown(page.byteCount)
        return page
    }
}
