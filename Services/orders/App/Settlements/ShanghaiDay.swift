import Models

/// Days of settlement: those of Shanghai, which has been eight hours before UTC, summer and winter, since 1992.
enum ShanghaiDay {
    private static let offset = Duration.seconds(8 * 3_600)

    /// The day of a moment, as `2026-11-23`.
    static func of(_ moment: Timestamp) -> String { String((moment + offset).description.prefix(10)) }
}
