package import Foundation
import JobKit

/// Jobs that make room for the app: they begin when the machine is quiet.
extension Engine {
    /// Why a run of such a job does not start now; nil where it may. The last decision's instant counts as now.
    func unquiet(for run: Run) -> String? {
        guard let end = endOfPatience(of: run), decidedUpTo < end, let limit = jobs[run.job]?.definition.background?.pressure, pressure >= Double(limit)
        else { return nil }
        return "waits until the machine is quiet: processes wait \(Int(pressure)) % of the time, and its limit is \(limit) %"
    }

    /// Until when a waiting run lets others go first; nil where it waits for no quiet moment. What a person asks for, and what belongs to a boot or a stop,
    /// begins at once.
    package func endOfPatience(of run: Run) -> Date? {
        guard run.state == .queued, phase == .running, let background = jobs[run.job]?.definition.background, background.pressure != nil else { return nil }
        switch run.cause {
        case .schedule, .after, .change: return run.createdAt.adding(background.wait)
        case .boot, .reload, .person, .stop, .dryRun, .confirmed, .memoryLimit, .other: return nil
        }
    }

    /// Whether a run waits for nothing but a quiet moment, so that it is to be measured again soon.
    package var awaitsQuiet: Bool { measuresPressure && runs.hasWaiting && runs.waiting.contains { unquiet(for: $0) != nil } }
}
