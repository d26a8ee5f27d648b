import Files
import Foundation
import JobKit
import Scheduler

/// Watches folders for the jobs that become due when something changes there.
enum Watches {
    /// The longest that nobody looks whether watching is to end.
    private static let longestWait = Duration.seconds(1)

    /// Watches until cancelled.
    static func run(for jobs: [JobDefinition], _ scheduler: JobScheduler, clock: any WallClock, note: @escaping @Sendable (String) -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            for job in jobs where job.disabled == nil {
                for case .watch(let paths, let settle) in job.triggers {
                    for path in paths { group.addTask { await watch(path, settle, for: job.name, scheduler, clock, note) } }
                }
            }
        }
    }

    private static func watch(
        _ path: String, _ settle: Duration, for job: String, _ scheduler: JobScheduler, _ clock: any WallClock, _ note: @escaping @Sendable (String) -> Void
    ) async {
        await OwnThread.run { flag in
            var watcher = FolderWatcher(path)
            var settling = Settling(settle)
            var last = clock.now
            if watcher.isLooking { note("\(job): \(path) has too many folders to be told of each change; it is looked at twice a minute instead") }
            while !flag.isSet {
                let notice = watcher.wait(min(longestWait, settling.remaining(at: clock.uptime) ?? longestWait))
                switch notice {
                case .nothing: break
                case .change: last = clock.now
                case .other(let changed): last = Date(timeIntervalSince1970: Double(changed.seconds) + Double(changed.nanoseconds) / 1e9)
                }
                if notice != .nothing { settling.changed(at: clock.uptime) }
                if settling.isDue(at: clock.uptime) { scheduler.changed(job: job, path: path, at: last) }
            }
        }
    }
}
