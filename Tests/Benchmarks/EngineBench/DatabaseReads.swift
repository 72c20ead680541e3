import EventLoop
import Glibc
import JSON
import Postgres

/// Point reads through `Database` by tasks of one loop: the rate, and this process's CPU time a read.
///
/// Compare with `pgbench -M prepared -f read.sql` on the same table, where read.sql is
/// `\set id random(1, 100000)` and `SELECT id, name, price, stock FROM bench_items WHERE id = :id`.
enum DatabaseReads {
    static func run(url: String, concurrency: Int, seconds: Int) async throws {
        let group = EventLoopGroup(count: 1, name: "bench")
        let loop = group.all[0]
        try await AdminSession(url: url, loop: loop).run([BenchItems.table], until: .now + .seconds(60))
        let database = try Database.open(url: url, group: group)
        for round in 1...3 {
            let end = Instant.now + .seconds(seconds)
            let began = Instant.now
            let cpu = cpuSeconds()
            let tasks = (0..<concurrency).map { worker in
                Task(executorPreference: loop) { try await reads(database, worker, until: end) }
            }
            var count = 0
            for task in tasks { count += try await task.value }
            let taken = Double((Instant.now - began).wholeNanoseconds) / 1e9
            let cpuMicroseconds = (cpuSeconds() - cpu) / Double(count) * 1e6
            print(
                "round \(round): \(concurrency) at once, \(Int(Double(count) / taken)) reads/s,",
                "\((cpuMicroseconds * 100).rounded() / 100) us of client CPU a read")
        }
        await database.close()
        group.stop()
    }

    private static func reads(_ database: Database, _ worker: Int, until end: Instant) async throws -> Int {
        var count = 0
        var id = Int64(worker) * 7_919 % Int64(BenchItems.rowCount) + 1
        while count & 63 != 0 || Instant.now < end {
            let row = try await database.one(BenchItemByID(id: id))
            precondition(row.id == id, "a read got another's answer")
            id = (id * 48_271 + 11) % Int64(BenchItems.rowCount) + 1
            count += 1
        }
        return count
    }

    private static func cpuSeconds() -> Double {
        var usage = rusage()  // 0 is RUSAGE_SELF, which Glibc imports with another type
        getrusage(__rusage_who_t(0), &usage)
        let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
        return Double(seconds) + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6
    }
}

struct BenchItemByID: Statement {
    let id: Int64

    static let name: StaticString = "bench_item_by_id"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT id, name, price, stock FROM bench_items WHERE id = $1"

    func bind(to parameters: inout Parameters) { parameters.append(id) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> BenchItem {
        BenchItem(id: try row.next(), name: try row.next(), price: try row.next(), stock: try row.next())
    }
}

struct BenchItem: JSONWritable, Sendable {
    var id: Int64
    var name: String
    var price: Int64
    var stock: Int32

    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", id)
        json.field("name", name)
        json.field("price", price)
        json.field("stock", stock)
        json.endObject()
    }
}

/// The table of the reads.
enum BenchItems {
    static let rowCount = 100_000
    static let table = """
        CREATE TABLE IF NOT EXISTS bench_items (
            id bigint PRIMARY KEY, name text NOT NULL, price bigint NOT NULL, stock integer NOT NULL
        );
        INSERT INTO bench_items
        SELECT n, 'item ' || n, n * 10, 100 FROM generate_series(1, \(rowCount)) AS n
        ON CONFLICT DO NOTHING;
        ANALYZE bench_items;
        """
}
