import Testing

@testable import LinliCommand

@Suite
struct ArgumentsTests {
    @Test func `words and options may stand in any order`() throws {
        let arguments = try Arguments(["replay", "--limit", "400", "orders", "--json", "f.tsv", "--environment", "e"])
        #expect(arguments.words == ["replay", "orders", "f.tsv"])
        #expect(arguments.wantsJSON)
        #expect(!arguments.wantsHelp)
        #expect(try arguments.number("limit", upTo: 1_000) == 400)
        #expect(try arguments.number("parallel", upTo: 1_000) == nil)
        #expect(arguments.option("environment") == "e")
    }

    @Test(arguments: [
        (["seed", "--jsn"], "--jsn is not an option"),
        (["seed", "--json", "--json"], "--json is given twice"),
        (["seed", "--environment"], "--environment needs a value"),
        (["replay", "--limit", "--json"], "--limit needs a value"),
    ])
    func `an option that cannot be heeded is refused`(line: [String], why: String) {
        #expect(throws: UsageError(why)) { try Arguments(line) }
    }

    @Test(arguments: ["0", "-1", "many", "101", "1.5", ""])
    func `a number is a whole number in its bounds`(text: String) throws {
        let arguments = try Arguments(["replay", "--customers", text])
        #expect(throws: UsageError("--customers takes a whole number from 1 to 100, not \(text)")) {
            try arguments.number("customers", upTo: 100)
        }
    }

    @Test func `an option of another command is refused`() throws {
        let arguments = try Arguments(["verify", "--limit", "3", "--json"])
        #expect(throws: UsageError("--limit is not an option of verify")) { try arguments.allow([]) }
        try arguments.allow(["limit"])
    }
}
