import ServiceKit

/// The settings of the storefront; the README lists them with units and defaults.
public struct StorefrontConfiguration: Sendable {
    /// STOREFRONT_STATIC_DIR: the folder of style, modules and pictures.
    let staticFolder: String
    /// OPERATOR_PHONES: whoever signs in with one of these numbers operates the platform.
    let operatorPhones: Set<String>
    /// KEY_ENCRYPTION_KEY: the root that keys of codes and forms are derived from, the same for all replicas.
    let rootKey: Redacted<[UInt8]>
    let signIn: SignInLimits
    /// SESSION_IDLE_SECONDS.
    let sessionIdleSeconds: Int64
    /// SESSION_LIFETIME_SECONDS.
    let sessionLifetimeSeconds: Int64
    /// API_REQUESTS_PER_MINUTE_PER_ADDRESS.
    let requestsPerMinutePerAddress: Int
    /// API_REQUESTS_PER_MINUTE_PER_ACCOUNT.
    let requestsPerMinutePerAccount: Int
    /// TRUSTED_PROXIES: addresses whose X-Forwarded-For is believed.
    let trustedProxies: Set<String>
    /// CASHIER_ORIGINS: where paying may lead; part of the content security policy.
    let cashierOrigins: [String]
    /// PUBLIC_URL: where people reach this site, for the way back from a cashier; nil: as the browser called it.
    let publicURL: String?
    /// Cookies travel over TLS only.
    let hasSecureCookies: Bool

    init(_ reader: inout ConfigurationReader) {
        staticFolder = reader.string("STOREFRONT_STATIC_DIR", default: "Services/storefront/Static")
        operatorPhones = Self.phones("OPERATOR_PHONES", &reader)
        rootKey = reader.secret("KEY_ENCRYPTION_KEY", bytes: 32)
        var limits = SignInLimits()
        limits.codesPerPhone.minute = reader.int("SIGN_IN_CODES_PER_PHONE_MINUTE", default: 1, in: 1...1_000)
        limits.codesPerPhone.hour = reader.int("SIGN_IN_CODES_PER_PHONE_HOUR", default: 5, in: 1...10_000)
        limits.codesPerPhone.day = reader.int("SIGN_IN_CODES_PER_PHONE_DAY", default: 10, in: 1...100_000)
        let environment = reader.choice("LINLI_ENVIRONMENT", default: RunEnvironment.production)
        limits.codesPerAddressHour = reader.int(
            "SIGN_IN_CODES_PER_ADDRESS_HOUR", default: environment == .development ? 1_000 : 20, in: 1...1_000_000)
        signIn = limits
        sessionIdleSeconds = Int64(reader.int("SESSION_IDLE_SECONDS", default: 1_800, in: 60...86_400))
        sessionLifetimeSeconds = Int64(reader.int("SESSION_LIFETIME_SECONDS", default: 86_400, in: 60...2_592_000))
        requestsPerMinutePerAddress = reader.int(
            "API_REQUESTS_PER_MINUTE_PER_ADDRESS", default: 60_000, in: 1...10_000_000)
        requestsPerMinutePerAccount = reader.int(
            "API_REQUESTS_PER_MINUTE_PER_ACCOUNT", default: 30_000, in: 1...10_000_000)
        trustedProxies = Set(Self.list(reader.string("TRUSTED_PROXIES", default: "none")).filter { $0 != "none" })
        cashierOrigins = Self.origins(&reader)
        publicURL = reader.optional("PUBLIC_URL") == nil ? nil : reader.url("PUBLIC_URL")
        hasSecureCookies = reader.bool("SECURE_COOKIES", default: environment == .production)
    }

    private static func list(_ text: String) -> [String] {
        text.split { $0 == "," || $0 == " " }.map(String.init)
    }

    private static func phones(_ variable: String, _ reader: inout ConfigurationReader) -> Set<String> {
        var phones: Set<String> = []
        for text in list(reader.optional(variable) ?? "") {
            if let phone = Phone(text) {
                phones.insert(phone.text)
            } else {
                reader.fail(variable, "must be phone numbers, separated by commas")
            }
        }
        return phones
    }

    /// Scheme and host only: what a content security policy compares.
    private static func origins(_ reader: inout ConfigurationReader) -> [String] {
        let given = reader.optional("CASHIER_ORIGINS") ?? reader.optional("PAYMENTS_URL") ?? ""
        return list(given).compactMap { text in
            guard Link(external: text) != nil, let scheme = text.range(ofScheme: "://") else {
                reader.fail("CASHIER_ORIGINS", "must be addresses such as https://pay.example, separated by spaces")
                return nil
            }
            let host = text[scheme...].prefix { $0 != "/" && $0 != ";" && $0 != "," }
            return String(text[..<scheme] + host)
        }
    }
}

extension String {
    /// The index after `mark`, or nil.
    fileprivate func range(ofScheme mark: String) -> String.Index? {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(mark) { return self.index(index, offsetBy: mark.count) }
            index = self.index(after: index)
        }
        return nil
    }
}
