import Models

/// A page that says no in a friendly way: not found, failed, busy, not allowed.
struct ProblemPage {
    let status: Int
    /// A sentence for people, when there is one that is safe to show.
    let detail: String?
    let requestID: String

    func page(_ c: PageContext) -> WebPage {
        let (title, text) = words
        return WebPage(
            title: c.words[title].description, width: .slim,
            body: """
                <div class="empty">\(c.pictures.art(status == 404 ? "scene-lost" : "scene-sorry"))<h1>\
                \(c.words[title])</h1>\
                <p>\(detail ?? c.words[text].description)</p><a class="btn main" href="/">\(c.words[.goHome])</a>\
                \(HTML.when(status >= 500, "<p class=\"tiny\">\(c.words(.requestNumber, requestID))</p>"))</div>
                """)
    }

    private var words: (Phrase, Phrase) {
        switch status {
        case 404, 410: (.notFoundTitle, .notFoundText)
        case 401, 403: (.forbiddenTitle, .staleFormText)
        case 429, 503, 504: (.busyTitle, .busyText)
        case 400..<500: (.cannotTitle, .checkFields)
        default: (.failedTitle, .failedText)
        }
    }
}
