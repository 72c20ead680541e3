import HTTPCore
import HTTPServer
import Models
import Postgres
import ServiceKit

/// Who works where: operators and managers of the store decide.
struct StaffAPI: Sendable {
    let callers: APICallers

    private var desk: StaffDesk { StaffDesk(kit: callers.site.kit) }

    func grant(_ request: Request, _ caller: Caller) async throws -> Response {
        // Who calls comes first: a stranger learns nothing, not even what the body should be.
        let viewer = try await callers.require(request)
        let input: StaffGrant = try await SignInAPI.read(request)
        try Self.check(viewer, manages: input.storeID)
        guard let role = StaffRole(rawValue: input.role) else {
            throw SignInAPI.invalid("/role", "must be clerk or manager")
        }
        let phone = try SignInAPI.phone(input.phone)
        return .json(
            .created,
            try await desk.grant(role, in: input.storeID, to: phone, by: viewer, deadline: request.deadline))
    }

    func list(_ request: Request, _ caller: Caller) async throws -> Response {
        let store = try request.parameters.require("store_id", as: StoreID.self)
        _ = try await manager(of: store, request)
        return .json(.ok, Models.Page(items: try await desk.members(of: store, deadline: request.deadline)))
    }

    func remove(_ request: Request, _ caller: Caller) async throws -> Response {
        let store = try request.parameters.require("store_id", as: StoreID.self)
        let account = try request.parameters.require("account_id", as: AccountID.self)
        let viewer = try await manager(of: store, request)
        try await desk.remove(account, from: store, by: viewer, deadline: request.deadline)
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
