import Models
import Testing
@testable import Postgres

@Suite struct CodecTests {
    private func roundTrip<Value: PostgresCodable & Equatable>(_ value: Value) -> Value? {
        var bytes: [UInt8] = []
        value.encode(to: &bytes)
        return bytes.withUnsafeBytes { Value(postgres: $0, type: Value.postgresType) }
    }

    @Test(arguments: [0, 1, -1, .max, .min] as [Int64])
    func `integers keep their value`(_ value: Int64) {
        #expect(roundTrip(value) == value)
        #expect(roundTrip(Int32(truncatingIfNeeded: value)) == Int32(truncatingIfNeeded: value))
        #expect(roundTrip(Int(value)) == Int(value))
    }

    @Test func `texts, doubles and bytes keep their value`() {
        #expect(roundTrip("邻里 🛵") == "邻里 🛵")
        #expect(roundTrip("") == "")
        #expect(roundTrip(-0.1) == -0.1)
        #expect(roundTrip(true) == true)
        #expect(roundTrip([0, 255, 7] as [UInt8]) == [0, 255, 7])
        #expect(roundTrip(JSONBytes(Array("{}".utf8))) == JSONBytes(Array("{}".utf8)))
    }

    @Test func `identifiers and moments keep their value`() {
        let id = OrderID(uuid: UUID128(high: 0x0123_4567_89AB_7DEF, low: .max - 1))
        #expect(roundTrip(id) == id)
        #expect(roundTrip([id, id]) == [id, id])
        #expect(roundTrip([id, nil] as [OrderID?]) == [id, nil])
        for microseconds in [0, 1, -1, 946_684_800_000_000, 1_795_411_446_123_456] as [Int64] {
            let moment = Timestamp(microseconds: microseconds)
            #expect(roundTrip(moment) == moment)
        }
    }

    @Test func `arrays keep their value, with nulls and without, and empty`() {
        #expect(roundTrip([] as [Int64]) == [])
        #expect(roundTrip([1, 2, 3] as [Int64]) == [1, 2, 3])
        #expect(roundTrip([1, nil, 3] as [Int64?]) == [1, nil, 3])
        #expect(roundTrip(["a", "", "ü"]) == ["a", "", "ü"])
        #expect(roundTrip([[1], [], [2, 3]] as [[UInt8]]) == [[1], [], [2, 3]])
        #expect(roundTrip([true, false]) == [true, false])
    }

    @Test func `malformed bytes are nothing, never a trap`() {
        for length in 0..<64 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37) }
            bytes.withUnsafeBytes { buffer in
                _ = [Int64](postgres: buffer, type: .int8Array)
                _ = [String?](postgres: buffer, type: .textArray)
                if length != 8, length != 4, length != 2 {
                    #expect(Int64(postgres: buffer, type: .int8) == nil)
                }
            }
        }
        // One element announced with a length beyond the end.
        var lying: [UInt8] = []
        for number in [1, 0, 20, 1, 1, 4_000] as [Int32] { lying.appendBigEndian(number) }
        #expect(lying.withUnsafeBytes { [Int64](postgres: $0, type: .int8Array) } == nil)
    }

    @Test func `parameters know nulls, types and places`() {
        var parameters = Parameters()
        parameters.append(Int64(1))
        parameters.append(nil as String?)
        parameters.append("")
        #expect(parameters.types == [20, 25, 25])
        #expect(parameters.extents.map(\.length) == [8, -1, 0])
        parameters.withLibPQArrays { count, values, lengths, formats in
            #expect(count == 3)
            #expect(values?[1] == nil)
            #expect(values?[2] != nil)
            #expect(lengths?[0] == 8)
            #expect(formats?[2] == 1)
        }
    }

    @Test func `states are compared by their five characters`() {
        #expect(SQLState("23505") == .uniqueViolation)
        #expect(SQLState("23505").description == "23505")
        #expect(SQLState("nonsense").description == "XX000")
        #expect(SQLState("40001").isRetryableTransaction)
        #expect(SQLState("08006").endsConnection)
        #expect(!SQLState("23505").isTransient)
    }

    @Test func `errors name constraints and no values`() {
        let error = PostgresError.server(
            ServerError(
                sqlState: .uniqueViolation, statement: "insert_phone", constraint: "phones_key",
                message: "Key (phone)=(138) exists"))
        #expect(error.isUniqueViolation())
        #expect(error.isUniqueViolation("phones_key"))
        #expect(!error.isUniqueViolation("other"))
        #expect(!error.isCheckViolation())
        #expect(error.description == "insert_phone: SQLSTATE 23505, constraint phones_key")
    }
}
