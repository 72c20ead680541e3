/// The paths of the public API that the storefront answers itself. All others under `/api/v1` are those of the
/// services behind it, with `/api` in front.
public enum StorefrontAPI {
    /// What stands before the services' own paths.
    public static let prefix = "/api"
    /// `POST`: send a one-time code to a phone number.
    public static let signInCodes = PathPattern("/api/v1/sign-in/codes")
    /// `POST`: exchange a code for a session.
    public static let signIn = PathPattern("/api/v1/sign-in")
    /// `POST`: end the session.
    public static let signOut = PathPattern("/api/v1/sign-out")
    /// `GET`: who is signed in.
    public static let me = PathPattern("/api/v1/me")
    /// `POST`: give somebody a role in a store (operator, or a manager of the store).
    public static let staff = PathPattern("/api/v1/staff")
    /// `GET`: who works in a store (operator, or a manager of the store).
    public static let storeStaff = PathPattern("/api/v1/stores/{store_id}/staff")
    /// `DELETE`: take somebody's role away.
    public static let storeStaffMember = PathPattern("/api/v1/stores/{store_id}/staff/{account_id}")
}
