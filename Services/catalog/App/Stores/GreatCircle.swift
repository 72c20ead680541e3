import Glibc
import Models

/// Distances on the sphere by which stores are ordered.
///
/// A place is a point of the unit sphere; the straight line (chord) between two such points grows with the great-circle
/// distance between the places, so the index orders by chord and people are told the arc: `2 R asin(chord / 2)`.
enum GreatCircle {
    /// Mean radius of the Earth in metres (IUGG R1).
    static let earthRadiusMetres = 6_371_008.8

    /// The unit vector of a place.
    static func vector(_ place: Coordinates) -> [Double] {
        let latitude = place.latitude * .pi / 180
        let longitude = place.longitude * .pi / 180
        return [cos(latitude) * cos(longitude), cos(latitude) * sin(longitude), sin(latitude)]
    }

    /// The arc that belongs to a chord of the unit sphere, in whole metres.
    static func metres(chord: Double) -> Int {
        Int((2 * earthRadiusMetres * asin(min(1, max(0, chord / 2)))).rounded())
    }
}
