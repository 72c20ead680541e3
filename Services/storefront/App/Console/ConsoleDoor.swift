import Clients
import HTTPServer
import Models
import ServiceKit

/// Lets people into a store's console, and takes them back to it with what their form did.
struct ConsoleDoor: Sendable {
    let catalog: CatalogClient

    /// The store in the path, for someone who works there.
    ///
    /// - Parameter role: what the page needs; the services check again.
    /// - Throws: `SignInNeeded`; 404 for everyone else, who learns nothing of the console, not even that it exists.
    func enter(_ visit: Visit, as role: StaffRole = .clerk) throws -> (StoreID, Authority) {
        let authority = try visit.authority()
        let id = try visit.request.parameters.require("store_id", as: StoreID.self)
        guard visit.viewer?.caller.mayAct(for: id, as: role) == true else {
            throw KitProblems.notFound.error("There is no such page.")
        }
        return (id, authority)
    }

    /// Runs what a form asks for and leads to the page where its outcome shows; a refusal travels as its code.
    func done(_ page: Link, _ body: () async throws -> Link) async throws -> Reply {
        do {
            return .redirect(try await body())
        } catch let error as ServiceClientError {
            guard case .problem(let problem) = error else { throw error }
            return .redirect(Self.refused(page, problem))
        } catch let error as ProblemError {
            return .redirect(Self.refused(page, error.problem))
        }
    }

    private static func refused(_ page: Link, _ problem: Problem) -> Link {
        let back: Link = "\(continuing: page)?problem=\(problem.code)"
        guard let wait = problem.retryAfterSeconds else { return back }
        return "\(continuing: back)&wait=\(wait)"
    }

    /// What the last form did, from the page's address, where only codes and order numbers travel.
    func message(_ visit: Visit) -> ConsoleMessage? {
        let t = Words(language: visit.language)
        let query = visit.request.query
        if let number = query["redeemed"], Self.isNumber(number) {
            return ConsoleMessage(text: t(.redeemed, number), tone: .good)
        }
        if let change = query["change"], let money = PriceField.read(change, .cny) {
            return ConsoleMessage(text: t(.giveChange, Pieces.text(money)), tone: .good)
        }
        if query["done"] != nil { return ConsoleMessage(text: t[.savedText].description, tone: .good) }
        guard let code = query["problem"] else { return nil }
        switch code {
        case "move_not_allowed": return ConsoleMessage(text: t[.alreadyMoved].description, tone: .warn)
        case "too_many_requests":
            let wait = query["wait"].flatMap { Int($0) } ?? 900
            return ConsoleMessage(text: t(.tooManyPickupTries, wait), tone: .bad)
        default:
            let problem = Problem(code: code, title: "", status: 409, detail: "")
            return ConsoleMessage(text: ProblemWords.say(problem, t) ?? t[.cannotTitle].description, tone: .bad)
        }
    }

    private static func isNumber(_ text: String) -> Bool {
        text.utf8.count <= 40
            && text.utf8.allSatisfy { $0 == 0x2D || (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }
    }
}

/// What the last form did.
struct ConsoleMessage: Sendable {
    let text: String
    let tone: Pieces.Tone
}
