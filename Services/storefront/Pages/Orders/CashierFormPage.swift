import Models

/// On the way to a cashier that takes a form: the browser brings it there when the button is pressed.
struct CashierFormPage {
    let address: Link
    let fields: [String: String]
    /// The order's page, to go back to.
    let order: Link

    func page(_ c: PageContext) -> WebPage {
        WebPage(
            title: c.words[.toTheBank].description, section: .orders,
            body: """
                \(Pieces.crumb(order, c.words[.myOrders].description, c))<form class="card stack" method="post" \
                action="\(address)"><h1>\(c.words[.bankCard])</h1><p>\(c.words[.toTheBankText])</p>\
                \(HTML.each(fields.sorted { $0.key < $1.key }) { field in
                    "<input type=\"hidden\" name=\"\(field.key)\" value=\"\(field.value)\">"
                })<button class="btn main block" data-testid="to-the-bank">\(c.icon("wallet"))\
                \(c.words[.toTheBank])</button></form>
                """)
    }
}
