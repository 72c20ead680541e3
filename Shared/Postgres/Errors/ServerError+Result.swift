internal import CLibPQ
internal import Glibc

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

/// One result of libpq, freed exactly once.
struct PostgresResult: ~Copyable {
    let raw: OpaquePointer

    init(_ raw: OpaquePointer) {
        self.raw = raw
    }

    deinit {
        PQclear(raw)
    }

    /// Rows changed, from the command tag (`INSERT 0 3`); 0 when the command counts none.
    var affectedRows: Int {
        guard let text = PQcmdTuples(raw) else { return 0 }
        return Int(atoll(text))
    }

    /// Decodes every row.
    func rows<S: Statement>(of type: S.Type) throws(PostgresError) -> [S.Row] {
        let count = PQntuples(raw)
        guard count > 0 else { return [] }
        var rows: [S.Row] = []
        rows.reserveCapacity(Int(count))
        for index in 0..<count {
            var reader = RowReader(result: raw, row: index, statement: S.name)
            rows.append(try S.decode(&reader))
            if index == 0, S.Row.self != Void.self { try reader.finish() }
        }
        return rows
    }
}
