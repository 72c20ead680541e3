internal import CLibPQ

extension ServerError {
    /// The error fields of a failed result.
    init(result: OpaquePointer, statement: String) {
        func field(_ code: Character) -> String? {
            guard let ascii = code.asciiValue, let text = PQresultErrorField(result, Int32(ascii)) else { return nil }
            return String(cString: text)
        }
        // The codes of PG_DIAG_SQLSTATE and its neighbours (postgres_ext.h); C character macros are not imported.
        self.init(
            sqlState: SQLState(field("C") ?? ""), statement: statement, constraint: field("n"), table: field("t"),
            column: field("c"), message: field("M") ?? "")
    }
}
