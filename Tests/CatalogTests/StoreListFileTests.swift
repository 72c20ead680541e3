import Models
import Testing

@Suite struct StoreListFileTests {
    private static let heading =
        "Brand,Store Number,Store Name,Street Address,City,State/Province,Postcode,Phone Number,Timezone,"
        + "Longitude,Latitude\n"

    private func read(_ rows: String) throws -> StoreListFile {
        try StoreListFile(Array((Self.heading + rows).utf8))
    }

    @Test func `the real list has 2734 stores, 542 of them in Shanghai, and no bad row`() throws {
        let file = try StoreListFile(try repositoryFile("seeds/data/stores-cn.csv"))
        #expect(file.badRows == [])
        #expect(file.rows.count == 2_734)
        #expect(file.rows.count { $0.city == "上海市" } == 542)
        #expect(file.rows.count { $0.city == "北京市" } == 234)
        #expect(Set(file.rows.map(\.number)).count == 2_734)
        #expect(Set(file.rows.map(\.timeZone)) == ["Asia/Shanghai", "Asia/Macau"])
        #expect(file.rows.count { $0.phone.isEmpty } == 1_397)
        // A stray byte of another encoding and a tab are in the source.
        let controls = file.rows.filter { row in
            row.address.unicodeScalars.contains { $0.properties.generalCategory == .control }
        }
        #expect(controls.isEmpty)
        #expect(file.rows[0].line == 2)
        #expect(file.rows[0].name == "北京西站第一咖啡店")
        #expect(file.rows[0].address == "丰台区, 北京西站通廊7-1号, 中关村南大街2号")
        #expect(file.rows[0].longitude == 116.32)
    }

    @Test func `bad rows are named with line, field and reason, and the others are read`() throws {
        let file = try read(
            """
            A,1,一号店,路,市,31,,,GMT+08:00 Asia/Beijing,121.4,31.2
            A,2,,路,市,31,,,GMT+08:00 Asia/Beijing,121.4,31.2
            A,3,三号店,路,市,31,,,GMT+08:00 Asia/Beijing,east,31.2
            A,4,四号店,路,市,31,,,GMT+08:00 Asia/Beijing,121.4,91
            A,5,五号店,路,市,31,,,nowhere,121.4,31.2
            A,6,六号店,路,市
            A,1,又一号店,路,市,31,,,GMT+08:00 Asia/Beijing,121.4,31.2
            A,,无号店,路,市,31,,,GMT+08:00 Asia/Beijing,121.4,31.2
            A,7,七号店,路,市,31,,,GMT+08:00 Asia/Beijing,0,0
            A,8,八号店,路,市,31,,,GMT+08:00 Asia/Beijing,121.4,31.2
            """)
        #expect(file.rows.map(\.number) == ["1", "8"])
        #expect(file.badRows.map(\.line) == [3, 4, 5, 6, 7, 8, 9, 10])
        #expect(
            file.badRows.map(\.field) == [
                "Store Name", "Longitude", "Latitude", "Timezone", "", "Store Number", "Store Number", "Latitude",
            ])
        #expect(file.badRows[0].reason == "is missing")
        #expect(file.badRows[5].reason == "is on line 2 already")
        #expect(file.badRows.allSatisfy { !$0.reason.isEmpty })
    }

    @Test func `quoted fields carry commas, quotes and line breaks, and lines are counted on`() throws {
        let file = try read(
            "A,1,\"一号,\"\"旗舰\"\"店\",\"路\r\n二楼\",市,31,,,Asia/Shanghai,121.4,31.2\r\nA,2,,,,,,,,,\r\n")
        #expect(file.rows.map(\.name) == ["一号,\"旗舰\"店"])
        #expect(file.rows[0].address == "路 二楼")
        #expect(file.badRows.map(\.line) == [4])
    }

    @Test func `a quote that is never closed spoils its own line only`() throws {
        let file = try read(
            "A,1,\"一号店,路,市,31,,,Asia/Shanghai,121.4,31.2\n"
                + "A,2,二号店,路,市,31,,,Asia/Shanghai,121.4,31.2\n")
        #expect(file.rows.map(\.number) == ["2"])
        #expect(file.rows[0].line == 3)
        #expect(file.badRows.map(\.line) == [2])
    }

    @Test func `a byte order mark, other column orders and empty lines do no harm`() throws {
        let text =
            "Latitude,Longitude,Timezone,State/Province,City,Street Address,Store Name,Store Number\n\n"
            + "31.2,121.4,Asia/Shanghai,31,市,路,店,9\n\n"
        let file = try StoreListFile([0xEF, 0xBB, 0xBF] + Array(text.utf8))
        #expect(file.rows.map(\.number) == ["9"])
        #expect(file.rows[0].line == 3)
        #expect(file.brand == nil)
    }

    @Test func `a file without its columns says which are missing`() {
        #expect(throws: StoreListFile.HeadingError.missing(["Longitude", "Latitude"])) {
            try StoreListFile(
                Array("Store Number,Store Name,Street Address,City,State/Province,Timezone\n".utf8))
        }
        #expect(throws: StoreListFile.HeadingError.empty) { try StoreListFile([]) }
    }

    @Test func `bytes that are not UTF-8 spoil their row only`() throws {
        let bytes =
            Array(Self.heading.utf8) + Array("A,1,".utf8) + [0xC3, 0x28]
            + Array(",路,市,31,,,Asia/Shanghai,121.4,31.2\nA,2,店,路,市,31,,,Asia/Shanghai,121.4,31.2\n".utf8)
        let file = try StoreListFile(bytes)
        #expect(file.rows.map(\.number) == ["2"])
        #expect(file.badRows.map(\.reason) == ["a field is not UTF-8"])
    }
}
