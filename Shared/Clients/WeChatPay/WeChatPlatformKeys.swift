import CLinux
import Crypto
import EventLoop
import Models

/// The gateway's public keys by serial number; new ones come while it rotates its certificates.
final class WeChatPlatformKeys: Sendable {
    private struct State {
        var keys: [String: RSAPublicKey] = [:]
        var nextRefresh = Instant(nanoseconds: 0)
    }

    /// A forged serial must not make us ask the gateway at every request.
    private static let refreshPause = Duration.seconds(5)
    private let state = Locked(State())

    init(_ configuration: WeChatPayConfiguration) {
        for certificate in configuration.platformCertificates { add(certificate) }
    }

    func key(_ serial: String) -> RSAPublicKey? {
        state.withLock { $0.keys[Self.normalized(serial)] }
    }

    func add(_ certificate: X509Certificate) {
        state.withLock { $0.keys[Self.normalized(certificate.serialHex)] = certificate.publicKey }
    }

    func mayRefresh(at now: Instant) -> Bool {
        state.withLock { state in
            guard now >= state.nextRefresh else { return false }
            state.nextRefresh = now + Self.refreshPause
            return true
        }
    }

    /// Serials are numbers: leading zeros and case do not matter.
    private static func normalized(_ serial: String) -> String {
        String(serial.uppercased().drop { $0 == "0" })
    }
}

/// Real time for signatures; never a business clock (the gateway refuses more than five minutes of difference).
enum WallTime {
    static func seconds() -> Int64 { clinux_realtime_ns() / 1_000_000_000 }
}

/// Times as the gateway writes them: RFC 3339 at Beijing's offset, whole seconds.
enum BeijingTime {
    static func text(_ time: Timestamp) -> String {
        let shifted = Timestamp(microseconds: time.microseconds / 1_000_000 * 1_000_000) + .seconds(8 * 3_600)
        return String(shifted.description.dropLast()) + "+08:00"
    }
}
