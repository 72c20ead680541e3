import Models
import Postgres
import ServiceKit

/// Stores what is prepared at the same time with one commit: a disk makes far fewer of those than a core signatures.
struct Prepaying: Sendable {
    private static let batchMax = 128

    /// Whether the transaction's number was free.
    private let storing: Batcher<WeChatTransaction, Bool>

    init(_ database: Database) {
        storing = Batcher(limit: Self.batchMax, inFlightMax: 2) { transactions in
            try await Self.store(transactions, database)
        }
    }

    /// False when its number is taken.
    func store(_ transaction: WeChatTransaction) async throws -> Bool { try await storing.submit(transaction) }

    private static func store(
        _ transactions: [WeChatTransaction], _ database: Database
    ) async throws -> [Result<Bool, any Error>] {
        // One that cannot be stored must not fail its neighbours.
        do throws(PostgresError) {
            let stored = Set(try await database.all(InsertTransactions(transactions: transactions)))
            return transactions.map { .success(stored.contains($0.token)) }
        } catch {
            guard transactions.count > 1, case .server = error else { throw error }
        }
        var results: [Result<Bool, any Error>] = []
        for transaction in transactions {
            do {
                let stored = try await database.first(InsertTransactions(transactions: [transaction]))
                results.append(.success(stored != nil))
            } catch {
                results.append(.failure(error))
            }
        }
        return results
    }
}
