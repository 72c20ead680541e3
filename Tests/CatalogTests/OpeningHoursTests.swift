import JSON
import Models
import Testing

@Suite struct OpeningHoursTests {
    private func time(_ text: String) throws -> TimeOfDay { try #require(TimeOfDay(text)) }

    private func week(_ periods: [(day: Int, opens: String, closes: String)]) throws -> WeekHours {
        let days = try Dictionary(grouping: periods, by: \.day).map { day, periods in
            DayHours(
                day: day,
                periods: try periods.map { OpeningPeriod(opens: try time($0.opens), closes: try time($0.closes)) })
        }
        return try WeekHours(days: days)
    }

    @Test func `a store is open from its opening minute until before its closing minute`() throws {
        let hours = try week([(1, "08:00", "22:00")])
        #expect(!hours.isOpen(at: 479))
        #expect(hours.isOpen(at: 480))
        #expect(hours.isOpen(at: 1_319))
        #expect(!hours.isOpen(at: 1_320))
        #expect(!hours.isOpen(at: 1_440 + 600))
    }

    @Test func `a period past midnight runs into the next day`() throws {
        let hours = try week([(5, "18:00", "02:00")])
        #expect(hours.isOpen(at: 4 * 1_440 + 1_439))
        #expect(hours.isOpen(at: 5 * 1_440 + 119))
        #expect(!hours.isOpen(at: 5 * 1_440 + 120))
        #expect(hours.periods(day: 5) == [OpeningPeriod(opens: try time("18:00"), closes: try time("02:00"))])
        #expect(hours.periods(day: 6).isEmpty)
    }

    @Test func `Sunday night runs into Monday morning`() throws {
        let hours = try week([(7, "20:00", "03:00")])
        #expect(hours.isOpen(at: WeekHours.minutesInWeek - 1))
        #expect(hours.isOpen(at: 0))
        #expect(hours.isOpen(at: 179))
        #expect(!hours.isOpen(at: 180))
    }

    @Test func `all day is 00 00 to 24 00`() throws {
        let hours = WeekHours.daily(try time("00:00"), try time("24:00"))
        #expect((0..<WeekHours.minutesInWeek).allSatisfy { hours.isOpen(at: $0) })
        #expect(hours.days.allSatisfy { $0.periods.count == 1 && $0.periods[0].closes.description == "24:00" })
    }

    @Test func `days come back as they were given`() throws {
        let given = (1...7).map { day in
            DayHours(
                day: day,
                periods: day == 3
                    ? []
                    : [
                        OpeningPeriod(opens: TimeOfDay("06:30")!, closes: TimeOfDay("14:00")!),
                        OpeningPeriod(opens: TimeOfDay("17:00")!, closes: TimeOfDay("22:30")!),
                    ])
        }
        #expect(try WeekHours(days: given).days == given)
        #expect(try WeekHours(days: given.reversed()).days == given)
    }

    @Test func `periods that overlap are refused, also across midnight and the week's end`() {
        #expect(throws: WeekHours.Fault.overlap(1)) { try week([(1, "08:00", "12:00"), (1, "11:59", "13:00")]) }
        #expect(throws: WeekHours.Fault.overlap(1)) { try week([(1, "20:00", "03:00"), (2, "02:00", "09:00")]) }
        #expect(throws: WeekHours.Fault.overlap(7)) { try week([(7, "20:00", "03:00"), (1, "02:00", "09:00")]) }
        #expect(throws: WeekHours.Fault.repeatedDay(1)) {
            try WeekHours(days: [DayHours(day: 1, periods: []), DayHours(day: 1, periods: [])])
        }
    }

    @Test(arguments: ["8:00", "08:60", "24:01", "25:00", "0800", "08-00", "", "08:0a", "٠٨:٠٠"])
    func `a time that is no time is refused`(_ text: String) {
        #expect(TimeOfDay(text) == nil)
    }
}
