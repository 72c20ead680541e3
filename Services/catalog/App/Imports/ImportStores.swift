import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// `POST /v1/imports/stores` (operators): rows of a merchant's list; the same rows again change nothing.
///
/// Repeating it is harmless by nature (stores are found by their number), so it takes no Idempotency-Key.
struct ImportStores: Sendable {
    let kit: Toolkit
    let timeZones: TimeZones

    func handle(_ request: Request, _: Caller) async throws -> Response {
        let (_, input) = try await request.json(StoreImport.self, upTo: BodyLimits.large)
        let hours = try input.openingHours.map(checkedHours) ?? Self.usualHours
        guard try await kit.database.first(FindMerchant(id: input.merchantID), deadline: request.deadline) != nil
        else { throw CatalogProblems.invalidField("/merchant_id", "must be a merchant that exists") }
        let rows = input.rows.map(\.normalised)
        let zones = try await timeZones.areKnown(Set(rows.map(\.timeZone)))
        var results = StoreImportChecks.rejections(rows, zones: zones)
        let good = rows.indices.filter { results[$0] == nil }
        if !good.isEmpty {
            let now = kit.now()
            let upsert = UpsertStores(
                merchantID: input.merchantID, kind: input.kind, at: now,
                rows: good.map { (StoreID.make(at: now), rows[$0]) }, hours: hours)
            let written = try await kit.database.all(upsert, deadline: request.deadline)
            let byNumber = Dictionary(written.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
            for position in good {
                let row = rows[position]
                let answer = byNumber[row.number]
                results[position] = StoreImportResult(
                    line: row.line, number: row.number, outcome: answer?.outcome ?? .unchanged, storeID: answer?.id)
            }
        }
        return .json(.ok, StoreImportReport(results: results.compactMap(\.self)))
    }

    private static var usualHours: WeekHours {
        guard let opens = TimeOfDay("07:00"), let closes = TimeOfDay("22:00") else { return WeekHours(spans: []) }
        return .daily(opens, closes)
    }
}

/// The rules of rows that need no database.
enum StoreImportChecks {
    /// The rejected rows of an import at their positions; nil where a row is good.
    static func rejections(_ rows: [StoreImportRow], zones: Set<String>) -> [StoreImportResult?] {
        var lines: [String: Int] = [:]
        var results: [StoreImportResult?] = []
        for row in rows {
            var fault = row.fault
            if fault == nil, !zones.contains(row.timeZone) { fault = ("time_zone", "is not an IANA time zone") }
            if fault == nil, let first = lines[row.number] { fault = ("number", "is on line \(first) already") }
            guard let fault else {
                lines[row.number] = row.line
                results.append(nil)
                continue
            }
            results.append(
                StoreImportResult(
                    line: row.line, number: row.number, outcome: .rejected, field: fault.field, reason: fault.reason))
        }
        return results
    }
}

extension StoreImportReport {
    /// Counts the results.
    init(results: [StoreImportResult]) {
        func count(_ outcome: StoreImportOutcome) -> Int { results.count { $0.outcome == outcome } }
        self.init(
            created: count(.created), updated: count(.updated), unchanged: count(.unchanged),
            rejected: count(.rejected), results: results)
    }
}
