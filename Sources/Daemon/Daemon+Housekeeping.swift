import Config
import Control
import Foundation
import JobKit
import Logs
import Scheduler
import Store
import TimeZones

extension Daemon {
    /// Takes over zone files that were changed, such as by an update of the system's data.
    func followZones(_ scheduler: JobScheduler) async {
        let finder = ZoneFinder(environment: ContainerEnvironment.all)
        while (try? await clock.sleep(for: .seconds(60))) != nil {
            let old = current.value
            var new = old
            new.takeZonesAgain(finder)
            guard new.timeZone != old.timeZone || zip(new.jobs, old.jobs).contains(where: { $0.definition != $1.definition }) else { continue }
            current.value = new
            ShownTime.zone = new.timeZone
            container.note("the time zone data have changed; it is \(ShownTime.text(clock.now)) now")
            await scheduler.reload(jobs(of: new), mostParallel: new.mostParallel)
        }
    }

    /// Where a full disk left no room for the record at boot, writes it once there is some. Ends with the first record that is written.
    func waitForRoom(_ store: StateFile) async {
        var hasComplained = false
        while !Task.isCancelled {
            if await store.settle() {
                if hasComplained { container.note("there is room again: what happened is recorded") }
                hasComplained = false
                if await store.hasRecorded { return }
            } else {
                if !hasComplained { container.note("\(await store.complaint() ?? "the state file can't be written"); make room on \(state.path)", .error) }
                hasComplained = true
            }
            try? await clock.sleep(for: .seconds(5))
        }
    }

    /// Keeps in mind what stops have taken: at the stop itself there is no time to look.
    func measureStops(_ store: StateFile) async {
        // Not while services start.
        while (try? await clock.sleep(for: .seconds(60))) != nil {
            let configuration = current.value
            let lengths = await MeasuredLengths(of: configuration.jobs.map(\.definition), in: store)
            stopping.afterRuns.value = lengths.plan(of: configuration).afterRuns
            try? await clock.sleep(for: .seconds(3600))
        }
    }

    func prune(_ store: StateFile, _ logs: RunLogFiles) async {
        while !Task.isCancelled {
            let retention = current.value.retention
            let oldest = clock.now.adding(.zero - retention.age)
            if let gone = try? await store.prune(keeping: retention.runs, since: oldest) { logs.forget(runs: gone) }
            try? await clock.sleep(for: .seconds(3600))
        }
    }
}
