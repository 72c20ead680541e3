import HTTPCore
import Models
import ServiceKit
import TestSupport
import Testing
@testable import Notifications

@Suite struct DocumentTests {
    /// The operations of the document, as `GET /v1/inbox`: read by their indentation, which the file keeps.
    private func operations() -> Set<String> {
        let text = String(decoding: NotificationsService.openAPI, as: UTF8.self)
        var found: Set<String> = []
        var path = ""
        for line in text.split(separator: "\n") {
            if let match = line.wholeMatch(of: /\ \ (\/[^ ]*):/) { path = String(match.1) }
            if let match = line.wholeMatch(of: /\ {4}(get|post|put|patch|delete):/) {
                found.insert("\(match.1.uppercased()) \(path)")
            }
        }
        return found
    }

    @Test func `the document describes every route of the service and nothing else`() {
        let routes: [(HTTPMethod, PathPattern)] = [
            (.post, NotificationsAPI.events), (.get, NotificationsAPI.inbox), (.post, NotificationsAPI.inboxRead),
            (.get, NotificationsAPI.myStream), (.get, NotificationsAPI.storeStream),
            (.post, NotificationsAPI.textMessages), (.get, NotificationsAPI.developmentMailbox),
        ]
        let standard = ["/healthz", "/readyz", "/metrics", "/openapi.yaml", "/.well-known/jwks.json", "/problems/{code}"]
        #expect(operations() == Set(routes.map { "\($0.0.name) \($0.1.text)" } + standard.map { "GET \($0)" }))
    }

    @Test func `the document names every problem of the service`() {
        let text = String(decoding: NotificationsService.openAPI, as: UTF8.self)
        for problem in NotificationsService.problems { #expect(text.contains(problem.code)) }
    }
}
