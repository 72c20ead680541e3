import Models
import ServiceKit

/// Who works in a store, and the form that adds somebody.
struct StaffPage {
    let store: Store
    let members: [StaffMember]
    /// Who looks.
    let viewer: AccountID?
    let typed: String
    let role: StaffRole
    let error: Phrase?
    let message: ConsoleMessage?

    private var id: String { store.summary.id.description }

    func page(_ c: PageContext) -> WebPage {
        WebPage(
            title: "\(c.words[.staff]) · \(c.say(store.summary.name))", section: .console, isConsole: true,
            body: """
                <div class="stack">\(ConsoleFrame.head(store.summary, .staff, c))\(ConsoleFrame.message(message, c))\
                <div class="two"><section class="card"><h2>\(c.words[.staff])</h2>\(list(c))</section>\(form(c))</div>\
                </div>
                """)
    }

    private func list(_ c: PageContext) -> HTML {
        if members.isEmpty { return "<p class=\"muted\">\(c.words[.noStaff])</p>" }
        return """
            <ul class="mail">\(HTML.each(members) { member in
                """
                <li><div class="row apart"><p><span class="strong num">\(member.phone)</span> \
                \(badge(member, c))\
                \(HTML.when(member.accountID == viewer, Pieces.badge(c.words[.itsYou], .good)))<br><span class="muted \
                small">\
                \(c.words(.since, c.clock.day(member.grantedAt, zone: store.summary.timeZone)))</span></p>\
                <form method="post" action="\(Link("/console/\(id)/staff/\(member.accountID.description)/remove"))">\
                \(c.formField)\
                <button class="btn danger small">\(c.words[.remove])<span class="sr"> \(member.phone)</span></button>\
                </form></div></li>
                """
            })</ul>
            """
    }

    private func badge(_ member: StaffMember, _ c: PageContext) -> HTML {
        member.role == StaffRole.manager.rawValue
            ? Pieces.badge(c.words[.roleManager], .brand) : Pieces.badge(c.words[.roleClerk], .plain)
    }

    private func form(_ c: PageContext) -> HTML {
        """
        <section class="card stack"><h2>\(c.words[.addStaff])</h2><form class="stack" method="post" \
        action="\(Link("/console/\(id)/staff"))" novalidate>\(c.formField)\(Pieces.field(
            id: "phone", label: c.words[.phone], value: typed, hint: c.words[.addStaffHint].description,
            error: error.map { c.words[$0].description },
            attributes: "type=\"tel\" inputmode=\"tel\" autocomplete=\"off\" maxlength=\"24\" required", c))\
        <fieldset class="pick"><legend class="strong">\(c.words[.role])</legend>\
        \(choice(.clerk, .roleClerk, .roleClerkText, c))\
        \(choice(.manager, .roleManager, .roleManagerText, c))</fieldset>\
        <button class="btn main">\(c.words[.addStaff])</button></form></section>
        """
    }

    private func choice(_ value: StaffRole, _ name: Phrase, _ text: Phrase, _ c: PageContext) -> HTML {
        """
        <label><input type="radio" name="role" value="\(value.rawValue)"\(if: value == role, " checked")><span>\
        <span class="strong">\(c.words[name])</span><br><span class="muted small">\(c.words[text])</span></span></label>
        """
    }
}
