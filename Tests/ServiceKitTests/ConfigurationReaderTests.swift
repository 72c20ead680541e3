import Testing

@testable import ServiceKit

@Suite struct ConfigurationReaderTests {
    @Test func `collects every error and names each variable`() {
        var reader = ConfigurationReader(["PORT": "seventy", "CATALOG_URL": "catalog", "FLAG": "maybe", "KEY": "AAAA"])
        _ = reader.int("PORT", default: 1, in: 0...65_535)
        _ = reader.url("CATALOG_URL")
        _ = reader.bool("FLAG", default: false)
        _ = reader.secret("KEY", bytes: 32)
        _ = reader.string("MISSING")
        _ = reader.choice("LOG_LEVEL", default: LogLevel.info)
        #expect(reader.errors.map(\.variable) == ["PORT", "CATALOG_URL", "FLAG", "KEY", "MISSING"])
        #expect(reader.errors[0].description == "PORT must be a whole number from 0 to 65535, not \"seventy\"")
        #expect(reader.errors[4].description == "MISSING is missing")
    }

    @Test func `never shows the value of a secret or of a database address`() {
        let password = "hunter2hunter2"
        var reader = ConfigurationReader(["KEY": password, "ORDERS_DATABASE_URL": "mysql://u:\(password)@h/d"])
        _ = reader.secret("KEY", bytes: 32)
        let url = reader.databaseURL("ORDERS_DATABASE_URL")
        #expect(reader.errors.count == 2)
        #expect(!reader.errors.map(\.description).joined().contains(password))
        #expect("\(url)" == "[redacted]")
        #expect(String(reflecting: url) == "[redacted]")
        var dumped = ""
        dump(url, to: &dumped)
        #expect(!dumped.contains(password))
    }

    @Test func `an empty variable counts as missing`() {
        var reader = ConfigurationReader(["HOST": ""])
        #expect(reader.string("HOST", default: "127.0.0.1") == "127.0.0.1")
        #expect(reader.errors.isEmpty)
    }

    @Test(arguments: [
        ("http://127.0.0.1:7001/", "http://127.0.0.1:7001"), ("https://pay.example", "https://pay.example"),
    ])
    func `an address loses its trailing slash`(given: String, expected: String) {
        var reader = ConfigurationReader(["URL": given])
        #expect(reader.url("URL") == expected)
        #expect(reader.errors.isEmpty)
    }

    @Test func `fault points are refused in production`() {
        var reader = ConfigurationReader(["CHAOS": "after-commit"])
        _ = Chaos.read(&reader, isDevelopment: false)
        #expect(reader.errors.map(\.variable) == ["CHAOS"])
    }
}
