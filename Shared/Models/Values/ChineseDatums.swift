import Glibc

/// The shifted coordinates of Chinese maps: GCJ-02 (AMap, Tencent) and BD-09 (Baidu).
///
/// GCJ-02 moves each place in mainland China by up to some hundred metres, by a fixed function of the place; BD-09 moves
/// it once more. The functions below are the ones in public use; no official text exists. The way back is found by
/// iteration and is exact to well under a metre.
public enum ChineseDatums {
    // Krasovsky 1940, the ellipsoid the shift is computed on.
    private static let semiMajorAxis = 6_378_245.0
    private static let eccentricitySquared = 0.006_693_421_622_965_943

    /// A WGS-84 place as AMap has it; places outside China are not shifted.
    public static func gcj02(_ place: Coordinates) -> Coordinates {
        guard isShifted(place) else { return place }
        let x = place.longitude - 105, y = place.latitude - 35
        let radians = place.latitude / 180 * Double.pi
        let magic = 1 - eccentricitySquared * sin(radians) * sin(radians)
        let root = magic.squareRoot()
        let dLatitude = latitudeShift(x, y) * 180
            / ((semiMajorAxis * (1 - eccentricitySquared)) / (magic * root) * Double.pi)
        let dLongitude = longitudeShift(x, y) * 180 / (semiMajorAxis / root * cos(radians) * Double.pi)
        return Coordinates(latitude: place.latitude + dLatitude, longitude: place.longitude + dLongitude)
    }

    /// A place of AMap in WGS-84.
    public static func wgs84(fromGCJ02 place: Coordinates) -> Coordinates {
        var guess = place
        // Each round divides the error by more than a thousand; four are far below a millimetre.
        for _ in 0..<4 {
            let shifted = gcj02(guess)
            guess.latitude += place.latitude - shifted.latitude
            guess.longitude += place.longitude - shifted.longitude
        }
        return guess
    }

    /// A WGS-84 place as Baidu has it.
    public static func bd09(_ place: Coordinates) -> Coordinates {
        let from = gcj02(place)
        let (x, y) = (from.longitude, from.latitude)
        let z = (x * x + y * y).squareRoot() + 0.000_02 * sin(y * Double.pi * 3_000 / 180)
        let theta = atan2(y, x) + 0.000_003 * cos(x * Double.pi * 3_000 / 180)
        return Coordinates(latitude: z * sin(theta) + 0.006, longitude: z * cos(theta) + 0.006_5)
    }

    /// A place of Baidu in WGS-84.
    public static func wgs84(fromBD09 place: Coordinates) -> Coordinates {
        var guess = wgs84(fromGCJ02: Coordinates(
            latitude: place.latitude - 0.006, longitude: place.longitude - 0.006_5))
        for _ in 0..<6 {
            let shifted = bd09(guess)
            guess.latitude += place.latitude - shifted.latitude
            guess.longitude += place.longitude - shifted.longitude
        }
        return guess
    }

    private static func isShifted(_ place: Coordinates) -> Bool {
        (72.004...137.8347).contains(place.longitude) && (0.8293...55.8271).contains(place.latitude)
    }

    private static func latitudeShift(_ x: Double, _ y: Double) -> Double {
        var shift = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * abs(x).squareRoot()
        shift += (20 * sin(6 * x * Double.pi) + 20 * sin(2 * x * Double.pi)) * 2 / 3
        shift += (20 * sin(y * Double.pi) + 40 * sin(y / 3 * Double.pi)) * 2 / 3
        shift += (160 * sin(y / 12 * Double.pi) + 320 * sin(y * Double.pi / 30)) * 2 / 3
        return shift
    }

    private static func longitudeShift(_ x: Double, _ y: Double) -> Double {
        var shift = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * abs(x).squareRoot()
        shift += (20 * sin(6 * x * Double.pi) + 20 * sin(2 * x * Double.pi)) * 2 / 3
        shift += (20 * sin(x * Double.pi) + 40 * sin(x / 3 * Double.pi)) * 2 / 3
        shift += (150 * sin(x / 12 * Double.pi) + 300 * sin(x / 30 * Double.pi)) * 2 / 3
        return shift
    }
}
