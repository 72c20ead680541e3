import Models
import ServiceKit

/// The head of every page of a store's console: its name and the ways through it.
enum ConsoleFrame {
    enum Deck: Sendable { case board, till, shelf, figures, settlements, staff }

    static func head(_ store: StoreSummary, _ deck: Deck, lamp: HTML = .empty, _ c: PageContext) -> HTML {
        let id = store.id.description
        let isManager = c.viewer?.caller.mayAct(for: store.id, as: .manager) == true
        return """
            <div class="stack tight"><div class="row apart">\
            \(Pieces.crumb("/console", c.words[.yourStores].description, c))\(lamp)</div>\
            <div class="row apart"><h1>\(c.say(store.name))</h1><a class="btn small" href="\(Link("/stores/\(id)"))">\
            \(c.icon("store"))\(c.words[.viewShop])</a></div><nav class="deck" aria-label="\(c.words[.consoleTitle])">\
            \(tab("/console/\(id)", "list", .board, deck == .board, c))\
            \(tab("/console/\(id)/till", "wallet", .till, deck == .till, c))\
            \(tab("/console/\(id)/items", "bag", .shelf, deck == .shelf, c))\
            \(tab("/console/\(id)/figures", "wallet", .figures, deck == .figures, c))\
            \(HTML.when(
                isManager, tab("/console/\(id)/settlements", "check", .settlements, deck == .settlements, c)))\
            \(HTML.when(isManager, tab("/console/\(id)/staff", "user", .staff, deck == .staff, c)))</nav></div>
            """
    }

    private static func tab(
        _ link: Link, _ icon: StaticString, _ name: Phrase, _ isHere: Bool, _ c: PageContext
    ) -> HTML {
        "<a href=\"\(link)\"\(if: isHere, " aria-current=\"page\"")>\(c.icon(icon))\(c.words[name])</a>"
    }

    static func message(_ message: ConsoleMessage?, _ c: PageContext) -> HTML {
        HTML.maybe(message) { Pieces.note($0.text, $0.tone, c) }
    }

    /// A number with its name.
    static func figure(_ name: Phrase, _ value: String, _ c: PageContext) -> HTML {
        "<div class=\"figure\"><dt>\(c.words[name])</dt><dd>\(value)</dd></div>"
    }
}
