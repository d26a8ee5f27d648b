import JobKit
import Synchronization

/// Carries what a running attempt says to its log, to the engine, and to anyone who looks at the moment.
final class AttemptReporter: RunReporter {
    private static let longestStep = 100

    /// What others hear of at once.
    enum Report {
        case progress(RunProgress)
        case service(ServiceNews)
    }

    private struct Moment {
        var progress: RunProgress?
        var service: ServiceStatus?
        var checks: [CheckReport.Kind: CheckReport] = [:]
        var launches = 0
        /// Of a service, while there is one.
        var process: (any RunningProcess)?
    }

    private let log: any RunLog
    private let redacted: @Sendable (String) -> String
    private let tell: @Sendable (Report) -> Void
    private let moment = Mutex(Moment())

    /// - Parameter launches: How often the service was launched before, in the same run.
    init(log: any RunLog, launches: Int = 0, redacted: @escaping @Sendable (String) -> String, tell: @escaping @Sendable (Report) -> Void) {
        self.log = log
        moment.withLock { $0.launches = launches }
        self.redacted = redacted
        self.tell = tell
    }

    var progress: RunProgress? { moment.withLock { $0.progress } }
    var service: ServiceStatus? { moment.withLock { $0.service } }

    func log(_ line: String) { log.line(line) }
    func output(_ bytes: [UInt8], from stream: LogStream) { log.output(bytes, from: stream) }
    func output(_ bytes: [UInt8], from stream: LogStream, whenKept: @escaping @Sendable () -> Void) {
        log.output(bytes, from: stream, whenKept: whenKept)
    }
    func report(_ progress: RunProgress) {
        var progress = progress
        // A plug-in's own words.
        progress.step = redacted(String(progress.step.prefix(AttemptReporter.longestStep)))
        progress.unit = redacted(String(progress.unit.prefix(AttemptReporter.longestStep)))
        let news = progress
        moment.withLock { $0.progress = news }
        tell(.progress(news))
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

    func close() { log.close() }
}
