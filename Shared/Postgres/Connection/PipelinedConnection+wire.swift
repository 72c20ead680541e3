internal import CLibPQ
internal import EventLoop

extension PipelinedConnection {
    // MARK: Sending

    /// Sends everything that may go on the wire: reads share a Sync, the others have one each.
    func flush() {
        isFlushPlanned = false
        guard state == .ready, let link else { return }
        if !machine.awaitsAnswers {
            lastProgress = loop.turnTime
            pace.began(at: .now)
        }
        while true {
            machine.takeGroup(into: &group)
            guard !group.isEmpty else { break }
            var hasSent = false
            for entry in group where !entry.request.isFinished {
                if send(entry, link) { hasSent = true }
                if link.isBroken { break }
            }
            if link.isBroken || (hasSent && PQpipelineSync(link.raw) != 1) {
                group.removeAll(keepingCapacity: true)
                return lost(link.message)
            }
            if hasSent { machine.didSendSync() }
        }
        group.removeAll(keepingCapacity: true)
        pushOutput()
    }

    /// Writes what libpq still holds; asks to be told when there is room again.
    func pushOutput() {
        guard state == .ready, let link else { return }
        switch PQflush(link.raw) {
        case 0: link.source?.setWantsWrite(false)
        case 1: link.source?.setWantsWrite(true)
        default: lost(link.message)
        }
    }

    /// Queues one request in libpq. False when it was refused, and its caller told.
    private func send(_ entry: PipelineStateMachine<PipelineRequest>.Entry, _ link: Link) -> Bool {
        let request = entry.request
        guard let key = request.key else {
            guard PQsendQueryParams(link.raw, request.sql.cString, 0, nil, nil, nil, nil, 1) == 1 else {
                return refuse(request, link)
            }
            machine.didSendRun(entry)
            return true
        }
        parameters.removeAll()
        request.bind(to: &parameters)
        guard parameters.count <= Parameters.countMax else {
            drop(request, .badRequest(statement: request.name, problem: "has \(parameters.count) parameters"))
            return false
        }
        var hasSent = false
        if request.mode == .inTransaction, let begin = takeBegin() {
            guard PQsendQueryParams(link.raw, begin.cString, 0, nil, nil, nil, nil, 1) == 1 else {
                return refuse(request, link)
            }
            machine.didSendBegin()
            hasSent = true
        }
        let name: ContiguousArray<CChar>
        if let known = prepared[key] {
            name = known
        } else {
            name = nextPreparedName()
            let isSent = parameters.types.withUnsafeBufferPointer { types in
                name.withUnsafeBufferPointer { name in
                    PQsendPrepare(
                        link.raw, name.baseAddress, request.sql.cString, Int32(types.count), types.baseAddress) == 1
                }
            }
            guard isSent else { return refuse(request, link) || hasSent }
            prepared[key] = name
            machine.didSendPrepare(for: request)
            hasSent = true
        }
        let isSent = parameters.withLibPQArrays { count, values, lengths, formats in
            name.withUnsafeBufferPointer { name in
                PQsendQueryPrepared(link.raw, name.baseAddress, count, values, lengths, formats, 1) == 1
            }
        }
        guard isSent else { return refuse(request, link) || hasSent }
        machine.didSendRun(entry)
        return true
    }

    /// libpq did not take a message: a broken connection is handled by the caller, anything else is the request's.
    private func refuse(_ request: PipelineRequest, _ link: Link) -> Bool {
        let error: PostgresError =
            link.isBroken ? .unavailable : .badRequest(statement: request.name, problem: link.message)
        drop(request, error)
        return false
    }

    private func nextPreparedName() -> ContiguousArray<CChar> {
        preparedCount += 1
        return "s\(preparedCount)".utf8CString
    }

    // MARK: Receiving

    /// The socket has something: reads it and hands every complete result on.
    func receive() {
        guard state == .ready, let link else { return }
        lastProgress = loop.turnTime
        guard PQconsumeInput(link.raw) == 1 else { return lost(link.message) }
        let before = machine.inFlightCount
        // libpq separates the results of two queries by one nil; two in a row mean that it has nothing.
        var nils = 0
        while machine.awaitsAnswers, nils < 2, PQisBusy(link.raw) == 0 {
            guard let raw = PQgetResult(link.raw) else {
                nils += 1
                continue
            }
            nils = 0
            guard handle(PostgresResult(raw)) else { return }
        }
        guard !link.isBroken else { return lost(link.message) }
        pace.answered(before - machine.inFlightCount, left: machine.inFlightCount, at: loop.turnTime)
        if machine.waitingCount > 0 { planFlush() }
        if link.source != nil { pushOutput() }
        if isClosing, load == 0 { drained.take()?.resume() }
    }

    /// False when the connection was given up.
    private func handle(_ result: consuming PostgresResult) -> Bool {
        var error: PostgresError?
        let outcome: PipelineStateMachine<PipelineRequest>.Outcome
        switch PQresultStatus(result.raw) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
            outcome = .succeeded
        case PGRES_PIPELINE_SYNC:
            outcome = .sync
        case PGRES_PIPELINE_ABORTED:
            outcome = .aborted
        default:
            let server = ServerError(result: result.raw, statement: "")
            if server.sqlState.endsConnection || link?.isBroken == true {
                lost("SQLSTATE \(server.sqlState)")
                return false
            }
            error = .server(server)
            outcome = .failed(wantsNewPlan: server.sqlState.needsNewPlan)
        }
        return perform(machine.received(outcome), result, error)
    }

    private func perform(
        _ action: PipelineStateMachine<PipelineRequest>.Action, _ result: consuming PostgresResult,
        _ error: PostgresError?
    ) -> Bool {
        switch action {
        case .none, .prepared:
            break
        case .deliver(let request):
            request.keep(result)
            request.complete()
        case .keep(let request):
            request.keep(result)
        case .complete(let request):
            request.complete()
        case .fail(let request):
            fail(request, error)
        case .keepError(let request):
            if let key = request?.key { prepared[key] = nil }
            keptError = error
        case .failWithKeptError(let request):
            fail(request, keptError)
            keptError = nil
        case .forget(let request):
            if let key = request.key { prepared[key] = nil }
        case .violation:
            lost("the server's answers do not match what was sent")
            return false
        }
        return true
    }

    private func fail(_ request: PipelineRequest, _ error: PostgresError?) {
        guard case .server(var server) = error else { return request.fail(.unavailable) }
        server.statement = request.name
        if request.mode == .inTransaction { transaction?.fail(.server(server)) }
        if server.sqlState.needsNewPlan, let key = request.key { prepared[key] = nil }
        request.fail(.server(server))
    }
}

extension StaticString {
    /// The text as C wants it: the compiler stores literals with a terminating zero.
    var cString: UnsafePointer<CChar> {
        UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self)
    }
}
