/// The settings of the catalog beside the toolkit's.
public struct CatalogConfiguration: Sendable {
    /// How long after its time a reservation is given back by itself (`RESERVATION_GRACE_SECONDS`).
    public var reservationGrace: Duration

    /// Makes a configuration.
    public init(reservationGrace: Duration = .seconds(300)) { self.reservationGrace = reservationGrace }
}
