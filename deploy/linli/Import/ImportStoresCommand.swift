import HTTPCore
import JSON
import Models

/// `linli import stores FILE`: good rows are in, bad ones are listed with line and reason, and again changes nothing.
struct ImportStoresCommand: Sendable {
    /// Rows of one request; the API takes up to 1,000.
    private static let chunk = 500

    let tool: Tool

    func run(file: String) async throws -> ImportReport {
        guard let bytes = readFile(file) else { throw CommandError("\(file) cannot be read") }
        let list: StoreListFile
        do {
            list = try StoreListFile(bytes)
        } catch StoreListFile.HeadingError.missing(let columns) {
            throw CommandError("\(file) has no heading with \(columns.joined(separator: ", "))")
        } catch {
            throw CommandError("\(file) is empty")
        }
        return try await run(list, openingHours: nil)
    }

    /// Imports a list that was read.
    func run(_ list: StoreListFile, openingHours: [DayHours]?) async throws -> ImportReport {
        let token = try await tool.signIn.asOperator()
        let name = list.brand ?? "Imported stores"
        let merchant: Merchant = try await tool.door.call(
            .post, CatalogAPI.merchants.path(),
            body: NewMerchant(code: Self.code(name), name: LocalizedText(zh: name, en: name), kind: .cafe),
            token: token, key: newKey())
        var report = ImportReport(
            merchantID: merchant.id,
            rejected: list.badRows.map { ImportReport.Rejected(line: $0.line, field: $0.field, reason: $0.reason) })
        var progress = Progress("importing stores", total: list.rows.count)
        for start in stride(from: 0, to: list.rows.count, by: Self.chunk) {
            let rows = Array(list.rows[start..<min(start + Self.chunk, list.rows.count)])
            let answer: StoreImportReport = try await tool.door.call(
                .post, CatalogAPI.storeImports.path(),
                body: StoreImport(merchantID: merchant.id, kind: .cafe, openingHours: openingHours, rows: rows),
                token: token, key: newKey())
            report.add(answer)
            progress.show(start + rows.count)
        }
        report.rejected.sort { $0.line < $1.line }
        return report
    }

    /// `Green Leaf` becomes `green-leaf`: the merchant is found again by it.
    static func code(_ name: String) -> String {
        let letters = name.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        return String(letters).split(separator: "-").joined(separator: "-")
    }
}

struct ImportReport: Report {
    struct Rejected {
        let line: Int
        let field: String
        let reason: String
    }

    let merchantID: MerchantID
    var created = 0
    var updated = 0
    var unchanged = 0
    var rejected: [Rejected]

    init(merchantID: MerchantID, rejected: [Rejected]) {
        self.merchantID = merchantID
        self.rejected = rejected
    }

    mutating func add(_ answer: StoreImportReport) {
        created += answer.created
        updated += answer.updated
        unchanged += answer.unchanged
        for result in answer.results where result.outcome == .rejected {
            rejected.append(Rejected(line: result.line, field: result.field ?? "", reason: result.reason ?? ""))
        }
    }

    var isRight: Bool { true }

    var text: String {
        rejected.map { "line \($0.line): \($0.field) \($0.reason)\n" }.joined()
            + "\(created) stores created, \(updated) updated, \(unchanged) unchanged, \(rejected.count) rows rejected"
    }

    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("merchant_id", merchantID)
        json.field("created", created)
        json.field("updated", updated)
        json.field("unchanged", unchanged)
        json.key("rejected")
        json.beginArray()
        for row in rejected {
            json.beginObject()
            json.field("line", row.line)
            json.field("field", row.field)
            json.field("reason", row.reason)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }
}
