import HTTPCore
import Models
import Testing

@testable import Storefront

@Suite struct DocumentTests {
    /// The operations of the document, as `GET /api/v1/me`: read by their indentation, which the file keeps.
    private func operations() throws -> Set<String> {
        let text = String(decoding: StorefrontService.openAPI, as: UTF8.self)
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

    @Test func `the document describes every operation of the public API and nothing else`() throws {
        let own: [(HTTPMethod, PathPattern)] = [
            (.post, StorefrontAPI.signInCodes), (.post, StorefrontAPI.signIn), (.post, StorefrontAPI.signOut),
            (.get, StorefrontAPI.me), (.post, StorefrontAPI.staff), (.get, StorefrontAPI.storeStaff),
            (.delete, StorefrontAPI.storeStaffMember),
        ]
        let routes = Set((own + APIRoutes.all).map { "\($0.0.name) \($0.1.text)" })
        // The endpoints that every service has from the toolkit are documented too, and no part of the public API.
        #expect(try operations().filter { $0.contains(" /api/") } == routes)
    }
}
