import EventLoop
import Models
import Postgres
import ServiceKit

/// Who works where: what the API and the console both do. Callers were checked before: operators and managers of the
/// store decide.
struct StaffDesk: Sendable {
    let kit: Toolkit

    func grant(
        _ role: StaffRole, in store: StoreID, to phone: Phone, by viewer: Viewer, deadline: Instant
    ) async throws -> StaffMember {
        let now = kit.now()
        let accountID = try await kit.database.one(
            GrantStaffRole(
                storeID: store, newAccountID: .make(at: now), phone: phone, role: role, grantedBy: viewer.accountID,
                now: now),
            deadline: deadline)
        kit.logger.info(
            "staff role granted", ("store_id", .text(store)), ("account_id", .text(accountID)),
            ("by", .text(viewer.accountID)))
        return StaffMember(accountID: accountID, phone: phone.masked, role: role.rawValue, grantedAt: now)
    }

    func members(of store: StoreID, deadline: Instant) async throws -> [StaffMember] {
        try await kit.database.all(StaffOfStore(storeID: store), deadline: deadline).map { row in
            StaffMember(
                accountID: row.accountID, phone: Phone(row.phone)?.masked ?? "****", role: row.role,
                grantedAt: row.grantedAt)
        }
    }

    /// - Throws: `ProblemError` 404 when the person does not work in the store.
    func remove(_ account: AccountID, from store: StoreID, by viewer: Viewer, deadline: Instant) async throws {
        let count = try await kit.database.execute(
            RemoveStaff(storeID: store, accountID: account, removedBy: viewer.accountID, now: kit.now()),
            deadline: deadline)
        guard count > 0 else { throw KitProblems.notFound.error("This person does not work in the store.") }
    }
}
