import JobKit
import Synchronization

/// Carries what a running attempt says to its log, to the engine, and to whoever looks at the moment.
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
        var launches = 0
    }

    private let log: any RunLog
    private let redacted: @Sendable (String) -> String
    private let tell: @Sendable (Report) -> Void
    private let moment = Mutex(Moment())

    init(log: any RunLog, redacted: @escaping @Sendable (String) -> String, tell: @escaping @Sendable (Report) -> Void) {
        self.log = log
        self.redacted = redacted
        self.tell = tell
    }

    var progress: RunProgress? { moment.withLock { $0.progress } }
    var service: ServiceStatus? { moment.withLock { $0.service } }

    func log(_ line: String) { log.line(line) }
    func output(_ bytes: [UInt8], from stream: LogStream) { log.output(bytes, from: stream) }
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

    func launched(process: Int32) {
        let number = moment.withLock { moment in
            moment.launches += 1
            return moment.launches
        }
        tell(.service(.launched(number: number)))
    }

    func ended(_ exit: ProcessExit) { tell(.service(.ended(exit, number: moment.withLock { $0.launches }))) }

    func close() { log.close() }
}
