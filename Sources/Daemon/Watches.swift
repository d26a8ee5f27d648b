import Files
import Foundation
import JobKit
import Scheduler

/// Watches folders for the jobs that become due when something changes there.
actor Watches {
    /// The longest that nobody checks whether watching is to end.
    private static let longestWait = Duration.seconds(1)

    private struct Watch: Hashable, Sendable {
        var job: String
        var path: String
        var debounce: Duration
        /// Paths that the job writes to itself.
        var outputs: Set<String>
    }

    private let scheduler: JobScheduler
    private let clock: any WallClock
    private let note: @Sendable (LogNotice) -> Void
    private var tasks: [Watch: Task<Void, Never>] = [:]
    /// How often it was said what to watch.
    private var generation = 0

    init(_ scheduler: JobScheduler, clock: any WallClock, note: @escaping @Sendable (LogNotice) -> Void) {
        self.scheduler = scheduler
        self.clock = clock
        self.note = note
    }

    deinit { for task in tasks.values { task.cancel() } }

    /// Watches for these jobs. What is watched already continues, with changes that have not come to rest yet.
    func use(_ jobs: [ScheduledJob]) async {
        generation += 1
        let own = generation
        let wanted = await DedicatedThread.run { _ in Watches.wanted(by: jobs) } ?? Watches.wanted(by: jobs)
        // Something else has been said meanwhile.
        guard own == generation else { return }
        for (watch, task) in tasks where !wanted.contains(watch) {
            task.cancel()
            tasks[watch] = nil
        }
        for watch in wanted where tasks[watch] == nil {
            let (scheduler, clock, note) = (scheduler, clock, note)
            tasks[watch] = Task {
                // Where no thread can be started just now, one can be later.
                while !Task.isCancelled { await Watches.carry(watch, scheduler, clock, note) }
            }
        }
    }

    /// Blocks: what jobs write themselves may be in files.
    private static func wanted(by jobs: [ScheduledJob]) -> Set<Watch> {
        var wanted: Set<Watch> = []
        for job in jobs where job.definition.disabled == nil {
            for (paths, debounce) in job.definition.triggers.compactMap(\.watched) {
                let outputs = Set(job.work.findOutputs())
                for path in paths { wanted.insert(Watch(job: job.definition.name, path: path, debounce: debounce, outputs: outputs)) }
            }
        }
        return wanted
    }

    private static func carry(_ watch: Watch, _ scheduler: JobScheduler, _ clock: any WallClock, _ note: @escaping @Sendable (LogNotice) -> Void) async {
        await DedicatedThread.run { flag in
            var watcher = FolderWatcher(watch.path, ignoring: watch.outputs)
            var settling = Debounce(watch.debounce)
            var (last, hasNoted) = (clock.now, false)
            while !flag.isSet {
                let notice = watcher.wait(min(longestWait, settling.remaining(at: clock.uptime) ?? longestWait))
                switch notice {
                case .nothing: break
                case .change: last = clock.now
                case .other(let changed): last = changed.date
                }
                if notice != .nothing { settling.changed(at: clock.uptime) }
                if settling.isDue(at: clock.uptime) { scheduler.changed(job: watch.job, path: watch.path, at: last) }
                if watcher.isLooking, !hasNoted {
                    note(
                        LogNotice(
                            "the system can't report every change below \(watch.path), which has too many folders; it is looked at twice a minute",
                            job: watch.job))
                    hasNoted = true
                }
            }
        }
    }
}
