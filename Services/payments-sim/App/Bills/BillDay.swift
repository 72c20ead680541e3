import Models

/// A day in Beijing, as bills count them.
struct BillDay: Sendable {
    /// `YYYY-MM-DD`.
    let text: String
    let start: Timestamp
    var end: Timestamp { start + .seconds(86_400) }
    /// Bills of a day are ready at nine o'clock of the next.
    var isReadyFrom: Timestamp { end + .seconds(9 * 3_600) }

    /// nil for anything but a date that exists.
    init?(_ text: String) {
        guard text.utf8.count == 10, let start = Timestamp(text + "T00:00:00+08:00") else { return nil }
        self.text = text
        self.start = start
        guard BeijingTime.day(start) == text else { return nil }
    }

    /// The day of a moment.
    init?(of time: Timestamp) { self.init(BeijingTime.day(time)) }
}

extension BeijingTime {
    /// `YYYY-MM-DD`.
    static func day(_ time: Timestamp) -> String { String(text(time).prefix(10)) }

    /// `YYYY-MM-DD HH:mm:ss`, as bills and Alipay write times.
    static func plain(_ time: Timestamp) -> String {
        let text = text(time)
        return text.prefix(10) + " " + text.dropFirst(11).prefix(8)
    }
}
