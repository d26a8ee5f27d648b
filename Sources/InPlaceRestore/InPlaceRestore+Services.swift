import JobKit
import Scheduler

/// The services and jobs that work on the data: waited for, stopped, and started again.
extension InPlaceRestore {
    /// Waits for jobs that work on the data: what they wrote into the old tree would be lost. False when they don't come to an end.
    func isQuiet(_ plan: RestorePlan) async -> Bool {
        guard let snapshot = await scheduler.snapshot() else { return false }
        let busy = InPlaceRestore.busy(snapshot, plan)
        if busy.isEmpty { return true }
        say("waiting for \(busy.joined(separator: ", ")) to end")
        let isQuiet = await within(InPlaceRestore.patience) { [scheduler] in
            await scheduler.wait { InPlaceRestore.busy($0, plan).isEmpty ? true : nil }
        }
        if isQuiet != true { say("\(busy[0]) does not end, and nothing was changed") }
        return isQuiet == true
    }

    /// Jobs that work on the data just now.
    static func busy(_ snapshot: SchedulerSnapshot, _ plan: RestorePlan) -> [String] {
        let below = dependents(of: plan.restoreJob, among: snapshot.jobs.map(\.definition))
        return snapshot.jobs.filter { job in
            job.current?.state.activeAttempt != nil && !job.definition.isService && !plan.backupJobs.contains(job.definition.name)
                && below.contains(job.definition.name)
        }.map(\.definition.name)
    }

    /// Nil when the time was up first, or the work has no answer.
    func within<Value: Sendable>(_ length: Duration, _ work: @escaping @Sendable () async -> Value?) async -> Value? {
        do throws(JobError) { return try await Deadline.within(length, clock) { await work() } ?? nil } catch { return nil }
    }

    /// Jobs that need another one, by way of others too.
    static func dependents(of job: String, among jobs: [JobDefinition]) -> Set<String> {
        var found: Set<String> = [job]
        while let next = jobs.first(where: { !found.contains($0.name) && $0.needs.contains(where: found.contains) }) { found.insert(next.name) }
        return found.subtracting([job])
    }

    /// Stops the services that need the data, each once nothing that needs it is left; others continue.
    func stopServices(_ plan: RestorePlan) async -> [JobDefinition] {
        let jobs = await scheduler.snapshot()?.jobs ?? []
        let definitions = jobs.map(\.definition)
        let below = InPlaceRestore.dependents(of: plan.restoreJob, among: definitions)
        let running = jobs.filter { $0.definition.isService && $0.current != nil && below.contains($0.definition.name) }
        let names = running.map(\.definition.name)
        var left = running
        while !left.isEmpty {
            let others = Set(left.map(\.definition.name))
            let free = left.filter { InPlaceRestore.dependents(of: $0.definition.name, among: definitions).isDisjoint(with: others) }
            // A circle is a mistake that no configuration has: should there be one, all of it is stopped at once.
            let wave = free.isEmpty ? left : free
            left.removeAll { service in wave.contains { $0.definition.name == service.definition.name } }
            for service in wave { _ = await scheduler.ask(.stopRequested(job: service.definition.name, because: .restore)) }
            for run in wave.compactMap({ $0.current?.id }) { _ = await end(of: run) }
        }
        if !names.isEmpty { say("stopped \(names.joined(separator: ", "))") }
        return running.map(\.definition)
    }

    /// Starts the services again, in the order in which they need each other. After a restore, what is done at boot between it and them, such as
    /// putting settings right, is due again. False when something did not come up.
    func bringUp(_ services: [JobDefinition], after plan: RestorePlan?) async -> Bool {
        let jobs = await scheduler.snapshot()?.jobs.map(\.definition) ?? []
        let below = plan.map { InPlaceRestore.dependents(of: $0.restoreJob, among: jobs) } ?? []
        var open = services + jobs.filter { !$0.isService && $0.disabled == nil && $0.triggers.contains(where: \.isAtBoot) && below.contains($0.name) }
        var failed: Set<String> = []
        while let index = open.firstIndex(where: { job in !open.contains { job.needs.contains($0.name) } }) {
            let job = open.remove(at: index)
            if let need = job.needs.first(where: failed.contains) {
                say("\(job.name) was not started: \(need) has not succeeded")
                failed.insert(job.name)
            } else if job.isService {
                let isNeeded = open.contains { !$0.isService && $0.needs.contains(job.name) }
                if await !start(job.name, untilReady: isNeeded) { failed.insert(job.name) }
            } else if await finish(job.name)?.state.outcome?.didWork != true {
                failed.insert(job.name)
            }
        }
        return failed.isEmpty
    }

    func start(_ service: String, untilReady: Bool) async -> Bool {
        switch await scheduler.ask(.startRequested(job: service, via: InPlaceRestore.origin, evenIfRunning: false)) {
        case .started, .joined: say("started \(service)")
        case .refused(let message):
            say("\(service) was not started: \(message)")
            return false
        case .stopping, .notRunning, .done, .noSuchJob, nil: return false
        }
        guard untilReady else { return true }
        let isReady = await within(InPlaceRestore.patience) { [scheduler] in
            await scheduler.wait { snapshot -> Bool? in
                guard let view = snapshot.jobs.first(where: { $0.definition.name == service }), view.current != nil else { return false }
                return view.service?.state == .ready ? true : nil
            }
        }
        return isReady == true
    }
}
