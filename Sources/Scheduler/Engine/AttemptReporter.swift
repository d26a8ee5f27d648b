import JobKit
import Synchronization

/// Carries what a running attempt says to its log, to the engine, and to anyone who looks at the moment.
final class AttemptReporter: RunReporter {
    /// What others hear of at once.
    enum Report {
        case progress(MeasuredProgress)
        case service(ServiceNews)
    }

    private struct Moment {
        var service: ServiceStatus?
        var checks: [CheckReport.Kind: CheckReport] = [:]
        var launches = 0
        /// Of a service, while there is one.
        var process: (any RunningProcess)?
    }

    private let log: any RunLog
    private let clock: any WallClock
    private let redacted: @Sendable (String) -> String
    private let tell: @Sendable (Report) -> Void
    private let moment = Mutex(Moment())
    /// Held while a report is passed on, so that listeners get reports in their order.
    private let gate = Mutex(ProgressGate())

    /// - Parameters:
    ///   - launches: How often the service was launched before, in the same run.
    ///   - tell: Must not block, nor ask the reporter anything.
    init(
        log: any RunLog, clock: any WallClock, launches: Int = 0, redacted: @escaping @Sendable (String) -> String,
        tell: @escaping @Sendable (Report) -> Void
    ) {
        self.log = log
        self.clock = clock
        moment.withLock { $0.launches = launches }
        self.redacted = redacted
        self.tell = tell
    }

    /// The newest progress, with the pace now.
    var progress: MeasuredProgress? {
        gate.withLock { $0.newest(at: clock.uptime) }
    }
    var service: ServiceStatus? { moment.withLock { $0.service } }

    func log(_ line: String) { log.line(line) }
    func output(_ bytes: [UInt8], from stream: LogStream) { log.output(bytes, from: stream) }
    func output(_ bytes: [UInt8], from stream: LogStream, whenKept: (@Sendable (LogEnd) -> Void)?) {
        log.output(bytes, from: stream, whenKept: whenKept)
    }

    /// Comes as often as a job likes, and from any thread: what comes too fast is held back.
    func report(_ progress: RunProgress) {
        let verdict = gate.withLock { gate in
            let now = clock.uptime
            let verdict = gate.take(progress, at: now, redacted: redacted)
            if verdict == .publish { publish(gate, now) }
            return verdict
        }
        guard case .publishLater(let rest) = verdict else { return }
        // Ends by itself; there is none while nothing is held back.
        Task { [weak self, clock] in
            try? await clock.sleep(for: rest)
            self?.publishHeld(isLast: false)
        }
    }

    /// Passes on the newest progress where it was held back.
    private func publishHeld(isLast: Bool) {
        gate.withLock { gate in
            let now = clock.uptime
            if gate.isDue(at: now, isLast: isLast) { publish(gate, now) }
            if isLast { gate.close() }
        }
    }

    private func publish(_ gate: ProgressGate, _ now: Duration) {
        if let newest = gate.newest(at: now) { tell(.progress(newest)) }
    }

    func report(_ service: ServiceStatus) {
        var service = service
        service.note = service.note.map(redacted)
        let news = service
        let isNews = moment.withLock { moment in
            defer { moment.service = news }
            return moment.service != news
        }
        if isNews { tell(.service(.status(news))) }
    }

    /// The newest probe of each kind since the service was launched.
    var checks: [CheckReport] { moment.withLock { moment in CheckReport.Kind.allCases.compactMap { moment.checks[$0] } } }

    func report(_ check: CheckReport) {
        var clean = check
        clean.target = redacted(check.target)
        switch check.result {
        case .healthy: break
        case .unhealthy(let reason): clean.result = .unhealthy(redacted(reason))
        case .unknown(let reason): clean.result = .unknown(redacted(reason))
        }
        let news = clean
        moment.withLock { $0.checks[news.kind] = news }
    }

    /// What the service's processes use just now; nil while there is none.
    func usage() async -> ProcessUsage? { await moment.withLock { $0.process }?.usage() }

    func launched(_ process: any RunningProcess) {
        let number = moment.withLock { moment in
            moment.launches += 1
            moment.process = process
            moment.checks = [:]
            return moment.launches
        }
        tell(.service(.launched(number: number)))
    }

    func ended(_ exit: ProcessExit) {
        let number = moment.withLock { moment in
            moment.process = nil
            return moment.launches
        }
        tell(.service(.ended(exit, number: number)))
    }

    func wantsReplacement(_ reason: String) { tell(.service(.wantsReplacement(reason: redacted(reason)))) }

    func close() {
        publishHeld(isLast: true)
        log.close()
    }
}
