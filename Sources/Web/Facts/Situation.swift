import Control
import Foundation
import JobKit

/// How things are as a whole: in one sentence for a visitor. A value.
enum Situation: Equatable, Sendable {
    /// There is no state yet.
    case booting
    case stopping
    case safeMode
    /// A job brings data back, before the app starts or while it is stopped for that.
    case restoring(percent: Int?)
    /// The app waits for data that could not be brought back.
    case restoreFailed(job: String, nextAt: Date?)
    case appWaits(app: String)
    case appStarts(app: String, since: Date?)
    case appUnready(app: String)
    /// It ended, and is started again after a pause.
    case appEnded(app: String)
    case appGivenUp(app: String)
    case appStopped(app: String)
    case appDisabled(app: String)
    /// The configuration on the disk has mistakes, and the one before is in force.
    case mistakes(Int)
    /// The configuration has mistakes, and there is no other one: nothing runs.
    case held(Int)
    case attention(Int)
    case paused(until: Date?)
    case well

    /// The type of jobs that bring data back.
    private static let restoreType = "restore"

    /// - Parameters:
    ///   - status: Nil before there is any.
    ///   - restore: The restore in place.
    init(_ status: StatusAnswer?, _ restore: RestoreAnswer?, _ settings: SiteSettings) {
        guard let status else {
            self = .booting
            return
        }
        // A pause of all is one of the things that need attention.
        let service = status.jobs.first { $0.name == settings.app && $0.isService }
        self =
            if status.isStopping { .stopping } else if settings.isHeld { .held(settings.errors) } else if status.isSafeMode == true {
                .safeMode
            } else if restore?.state == .running {
                .restoring(percent: restore?.progress?.percent.map { Int($0) })
            } else if let found = service.flatMap({ Situation($0, status.jobs) }) {
                found
            } else if settings.errors > 0 { .mistakes(settings.errors) } else if status.attention.count > (status.pause == nil ? 0 : 1) {
                .attention(status.attention.count)
            } else if let pause = status.pause {
                .paused(until: pause.until)
            } else { .well }
    }

    /// What keeps an app from its visitors; nil where nothing does.
    private init?(_ app: JobAnswer, _ jobs: [JobAnswer]) {
        switch app.state {
        case .ready: return nil
        case .waiting, .deferred, .waitingToRetry: self = Situation.heldBy(jobs) ?? .appWaits(app: app.name)
        case .starting, .running: self = .appStarts(app: app.name, since: app.since)
        case .unready: self = .appUnready(app: app.name)
        case .backingOff, .interrupted: self = .appEnded(app: app.name)
        case .givenUp, .failed, .timedOut, .incomplete: self = .appGivenUp(app: app.name)
        case .stopped, .stopping, .finished, .ok, .idle: self = .appStopped(app: app.name)
        case .disabled: self = .appDisabled(app: app.name)
        }
    }

    /// What the restores say of an app that waits.
    private static func heldBy(_ jobs: [JobAnswer]) -> Situation? {
        for job in jobs where job.type == restoreType {
            switch job.state {
            case .running, .waiting, .stopping: return .restoring(percent: job.run?.progress?.percent.map { Int($0) })
            case .failed, .timedOut, .interrupted: return .restoreFailed(job: job.name, nextAt: nil)
            case .waitingToRetry, .deferred: return .restoreFailed(job: job.name, nextAt: job.run?.nextAttemptAt)
            case .finished, .idle, .disabled, .ok, .incomplete, .stopped, .starting, .ready, .unready, .backingOff, .givenUp: continue
            }
        }
        return nil
    }

    enum Tone: String, Sendable { case good, busy, bad }

    var tone: Tone {
        switch self {
        case .well: .good
        case .booting, .stopping, .restoring, .appWaits, .appStarts, .paused: .busy
        case .safeMode, .restoreFailed, .appUnready, .appEnded, .appGivenUp, .appStopped, .appDisabled, .mistakes, .held, .attention: .bad
        }
    }
}
