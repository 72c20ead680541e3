public import EventLoop

/// Why a ``Batcher`` gave no answer of its batch.
public enum BatcherError: Error, Sendable {
    /// Too much is waiting already: answer 503.
    case full
    /// The caller's deadline passed before its batch started: nothing was done for it.
    case deadlinePassed
    /// The batch function returned another number of results than it got inputs.
    case wrongResultCount
}

/// Collects what arrives in one turn of the loop, and while earlier batches are in flight, into one call.
///
/// A lone caller waits for nothing but the end of the turn; under load, batches grow by themselves. Each caller gets
/// its own answer or error. Use it to turn n requests into one set-based SQL statement:
///
/// ```swift
/// let placing = Batcher<OrderDraft, Placement>(limit: 256) { drafts in try await placeAll(drafts) }
/// let placement = try await placing.submit(draft, deadline: request.deadline)
/// ```
public final class Batcher<Input: Sendable, Output: Sendable>: Sendable {
    /// Does the work of one batch: one result an input, in the same order. What it throws goes to every caller.
    public typealias Work = @Sendable ([Input]) async throws -> [Result<Output, any Error>]

    private struct Waiter {
        let input: Input
        let deadline: Instant?
        let continuation: CheckedContinuation<Output, any Error>
    }
    private struct State {
        var waiting: [Waiter] = []
        var inFlight = 0
        var flushIsScheduled = false
    }

    private enum AfterQueueing { case full, schedule, wait }

    private let limit: Int
    private let inFlightMax: Int
    private let queueLimit: Int
    private let sizes: Histogram?
    private let work: Work
    private let state = Locked(State())

    /// - Parameters:
    ///   - limit: the most inputs in one call.
    ///   - inFlightMax: how many calls may run at once. 1 gives the biggest batches and is best when batches would
    ///     wait for each other's row locks anyway.
    ///   - queueLimit: how many inputs may wait; above it `submit` throws `BatcherError.full`.
    ///   - sizes: records the size of each batch.
    public init(
        limit: Int = 256, inFlightMax: Int = 1, queueLimit: Int = 4_096, sizes: Histogram? = nil,
        _ work: @escaping Work
    ) {
        precondition(limit > 0 && inFlightMax > 0 && queueLimit >= limit, "a batcher needs room for one batch")
        self.limit = limit
        self.inFlightMax = inFlightMax
        self.queueLimit = queueLimit
        self.sizes = sizes
        self.work = work
    }

    /// Puts `input` into the next batch and waits for its own answer. Call on an event loop.
    ///
    /// - Throws: `BatcherError`, or the error for this input.
    public func submit(_ input: Input, deadline: Instant? = nil) async throws -> Output {
        guard let loop = EventLoop.current else { preconditionFailure("Batcher.submit belongs on an event loop") }
        return try await withCheckedThrowingContinuation { continuation in
            let waiter = Waiter(input: input, deadline: deadline, continuation: continuation)
            let next = state.withLock { state -> AfterQueueing in
                guard state.waiting.count < queueLimit else { return .full }
                state.waiting.append(waiter)
                guard !state.flushIsScheduled, state.inFlight < inFlightMax else { return .wait }
                state.flushIsScheduled = true
                return .schedule
            }
            switch next {
            case .full: continuation.resume(throwing: BatcherError.full)
            case .schedule: loop.onTurnEnd { self.flush(on: loop) }
            case .wait: break
            }
        }
    }

    /// How many inputs wait for a batch now.
    public var waitingCount: Int { state.withLock { $0.waiting.count } }

    private func flush(on loop: EventLoop) {
        let batch = state.withLock { state -> [Waiter] in
            state.flushIsScheduled = false
            return take(from: &state)
        }
        if !batch.isEmpty { loop.spawn { await self.run(batch) } }
    }

    private func take(from state: inout State) -> [Waiter] {
        guard !state.waiting.isEmpty, state.inFlight < inFlightMax else { return [] }
        let batch = Array(state.waiting.prefix(limit))
        state.waiting.removeFirst(batch.count)
        state.inFlight += 1
        return batch
    }

    private func run(_ first: [Waiter]) async {
        var batch = first
        while !batch.isEmpty {
            let now = Instant.now
            var live: [Waiter] = []
            live.reserveCapacity(batch.count)
            for waiter in batch {
                if let deadline = waiter.deadline, deadline <= now {
                    waiter.continuation.resume(throwing: BatcherError.deadlinePassed)
                } else {
                    live.append(waiter)
                }
            }
            if !live.isEmpty { await answer(live) }
            batch = state.withLock { state in
                state.inFlight -= 1
                return take(from: &state)
            }
        }
    }

    private func answer(_ waiters: [Waiter]) async {
        sizes?.record(Double(waiters.count))
        do {
            let results = try await work(waiters.map(\.input))
            guard results.count == waiters.count else { throw BatcherError.wrongResultCount }
            for (waiter, result) in zip(waiters, results) { waiter.continuation.resume(with: result) }
        } catch {
            for waiter in waiters { waiter.continuation.resume(throwing: error) }
        }
    }
}
