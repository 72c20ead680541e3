import HTTPCore
import HTTPServer
import Models
import Postgres
import ServiceKit

/// Who works where: operators and managers of the store decide.
struct StaffAPI: Sendable {
    let callers: APICallers

    private var kit: Toolkit { callers.site.kit }

    func grant(_ request: Request, _ caller: Caller) async throws -> Response {
        // Who calls comes first: a stranger learns nothing, not even what the body should be.
        let viewer = try await callers.require(request)
        let input: StaffGrant = try await SignInAPI.read(request)
        try Self.check(viewer, manages: input.storeID)
        guard let role = StaffRole(rawValue: input.role) else {
            throw SignInAPI.invalid("/role", "must be clerk or manager")
        }
        let phone = try SignInAPI.phone(input.phone)
        let now = kit.now()
        let accountID = try await kit.database.one(
            GrantStaffRole(
                storeID: input.storeID, newAccountID: .make(at: now), phone: phone, role: role,
                grantedBy: viewer.accountID, now: now),
            deadline: request.deadline)
        kit.logger.info(
            "staff role granted", ("store_id", .text(input.storeID)), ("account_id", .text(accountID)),
            ("by", .text(viewer.accountID)))
        return .json(
            .created, StaffMember(accountID: accountID, phone: phone.masked, role: role.rawValue, grantedAt: now))
    }

    func list(_ request: Request, _ caller: Caller) async throws -> Response {
        let store = try request.parameters.require("store_id", as: StoreID.self)
        _ = try await manager(of: store, request)
        let rows = try await kit.database.all(StaffOfStore(storeID: store), deadline: request.deadline)
        let members = rows.map { row in
            StaffMember(
                accountID: row.accountID, phone: Phone(row.phone)?.masked ?? "****", role: row.role,
                grantedAt: row.grantedAt)
        }
        return .json(.ok, Models.Page(items: members))
    }

    func remove(_ request: Request, _ caller: Caller) async throws -> Response {
        let store = try request.parameters.require("store_id", as: StoreID.self)
        let account = try request.parameters.require("account_id", as: AccountID.self)
        let viewer = try await manager(of: store, request)
        let count = try await kit.database.execute(
            RemoveStaff(storeID: store, accountID: account, removedBy: viewer.accountID, now: kit.now()),
            deadline: request.deadline)
        guard count > 0 else { throw KitProblems.notFound.error("This person does not work in the store.") }
        return .noContent
    }

    /// The caller, who must manage the store. Everyone else learns nothing of it.
    private func manager(of store: StoreID, _ request: Request) async throws -> Viewer {
        let viewer = try await callers.require(request)
        try Self.check(viewer, manages: store)
        return viewer
    }

    private static func check(_ viewer: Viewer, manages store: StoreID) throws {
        guard viewer.caller.mayAct(for: store, as: .manager) else {
            throw KitProblems.notFound.error("There is no such store, or you do not manage it.")
        }
    }
}
