import Clients
import HTTPCore
import HTTPServer
import Models
import ServiceKit

/// The people of a store, for its managers and for operators.
struct StaffPages: Sendable {
    let site: Site
    let catalog: CatalogClient
    private let door: ConsoleDoor

    init(site: Site, catalog: CatalogClient) {
        self.site = site
        self.catalog = catalog
        door = ConsoleDoor(catalog: catalog)
    }

    private var desk: StaffDesk { StaffDesk(kit: site.kit) }

    func show(_ visit: Visit) async throws -> Reply {
        try await page(visit, typed: "", role: .clerk, error: nil, status: .ok)
    }

    private func page(
        _ visit: Visit, typed: String, role: StaffRole, error: Phrase?, status: HTTPStatus
    ) async throws -> Reply {
        let (id, _) = try door.enter(visit, as: .manager)
        async let store = catalog.store(id, visit.context)
        let members = try await desk.members(of: id, deadline: visit.request.deadline)
        let page = StaffPage(
            store: try await store, members: members, viewer: visit.viewer?.accountID, typed: typed, role: role,
            error: error, message: error == nil ? door.message(visit) : nil)
        return .page(page.page(site.context(visit)), status: status)
    }

    func grant(_ visit: Visit, _ fields: FormFields) async throws -> Reply {
        let (id, _) = try door.enter(visit, as: .manager)
        guard let viewer = visit.viewer, let role = StaffRole(rawValue: fields["role"]) else {
            throw PageProblem.unreadableForm
        }
        guard let phone = Phone(fields["phone"]) else {
            return try await page(
                visit, typed: fields["phone"], role: role, error: .badPhone, status: .unprocessableContent)
        }
        _ = try await desk.grant(role, in: id, to: phone, by: viewer, deadline: visit.request.deadline)
        return .redirect("/console/\(id.description)/staff?done=staff")
    }

    func remove(_ visit: Visit, _ fields: FormFields) async throws -> Reply {
        let (id, _) = try door.enter(visit, as: .manager)
        let account = try visit.request.parameters.require("account_id", as: AccountID.self)
        guard let viewer = visit.viewer else { throw SignInNeeded() }
        let page: Link = "/console/\(id.description)/staff"
        return try await door.done(page) {
            try await desk.remove(account, from: id, by: viewer, deadline: visit.request.deadline)
            return "\(continuing: page)?done=staff"
        }
    }
}
