internal import CLibPQ
internal import Glibc

/// One result of libpq, freed exactly once.
@usableFromInline
struct PostgresResult: ~Copyable {
    @usableFromInline let raw: OpaquePointer

    init(_ raw: OpaquePointer) {
        self.raw = raw
    }

    /// Takes over a result that ``take()`` gave away; nil for the null address.
    init?(address: UInt) {
        guard let raw = OpaquePointer(bitPattern: address) else { return nil }
        self.raw = raw
    }

    /// Takes over the result of a reply.
    @usableFromInline
    init(_ reply: Reply) throws(PostgresError) {
        switch reply {
        case .result(let address):
            guard let raw = OpaquePointer(bitPattern: address) else { throw .unavailable }
            self.raw = raw
        case .failure(let error):
            throw error
        }
    }

    @usableFromInline
    deinit {
        PQclear(raw)
    }

    /// Gives the result away as an address, to one taker who must free it.
    consuming func take() -> UInt {
        let address = UInt(bitPattern: raw)
        discard self
        return address
    }

    /// Rows changed, from the command tag (`INSERT 0 3`); 0 when the command counts none.
    @usableFromInline var affectedRows: Int {
        guard let text = PQcmdTuples(raw) else { return 0 }
        return Int(atoll(text))
    }

    @usableFromInline var rowCount: Int32 { PQntuples(raw) }

    /// Decodes every row.
    @inlinable
    func rows<S: Statement>(of type: S.Type) throws(PostgresError) -> [S.Row] {
        let count = rowCount
        guard count > 0 else { return [] }
        var rows: [S.Row] = []
        rows.reserveCapacity(Int(count))
        for index in 0..<count { rows.append(try row(index, of: S.self)) }
        return rows
    }

    /// Decodes the first row; nil when there is none.
    @inlinable
    func firstRow<S: Statement>(of type: S.Type) throws(PostgresError) -> S.Row? {
        guard rowCount > 0 else { return nil }
        return try row(0, of: S.self)
    }

    @inlinable
    func row<S: Statement>(_ index: Int32, of type: S.Type) throws(PostgresError) -> S.Row {
        var reader = RowReader(result: raw, row: index, statement: S.name)
        let row = try S.decode(&reader)
        if index == 0, S.Row.self != Void.self { try reader.finish() }
        return row
    }
}
