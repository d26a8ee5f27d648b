import Foundation
import JobKit
import Scheduler
import Settings
import TimeZones

package enum StatusOperation: ControlOperation {
    package static let name = "status"
    package static let path = "status"
    package static let summary = "Show what runs, what is next, and what needs attention."
    package static let effect = OperationEffect.reads
    package static let disclosure = OperationDisclosure.state

    package static func run(_ request: NoParameters, on program: Operations, via caller: Caller) async throws(OperationError) -> StatusAnswer {
        try await program.status()
    }
}

package enum StatusTableOperation: ControlOperation {
    package static let name = "status-table"
    package static let path = "status/table"
    package static let summary = "Show what runs and what needs attention, in the words of a table."
    package static let effect = OperationEffect.reads
    package static let disclosure = OperationDisclosure.state

    package static func run(_ request: NoParameters, on program: Operations, via caller: Caller) async throws(OperationError) -> StatusTableAnswer {
        StatusTableAnswer(try await program.status())
    }
}

extension Operations {
    /// Everything at once: what runs, since when, what is next, and what needs attention. Reads no file but the kernel's figures on processes.
    package func status() async throws(OperationError) -> StatusAnswer {
        guard let snapshot = await scheduler.snapshot() else { throw .starting }
        let usages = await scheduler.usages()
        let space = snapshot.jobs.compactMap(StatusAnswer.Space.init)
        let drills = snapshot.jobs.compactMap { StatusAnswer.Drill($0, at: snapshot.at) }
        return StatusAnswer(
            version: version, at: snapshot.at, startedAt: startedAt, restarts: restarts, isStopping: snapshot.isStopping,
            isSafeMode: snapshot.isSafeMode ? true : nil, configuration: configuration, jobs: snapshot.jobs.map { JobAnswer($0, usages, at: snapshot.at) },
            position: snapshot.position,
            pause: snapshot.pause.map(PauseAnswer.Pause.init), lastBackup: StatusAnswer.LastBackup(snapshot), space: space,
            drills: drills.isEmpty ? nil : drills,
            attention: StatusAnswer.Attention.safeMode(snapshot) + StatusAnswer.Attention.record(await history.store.complaint())
                + StatusAnswer.Attention.paused(snapshot)
                + snapshot.jobs.flatMap(StatusAnswer.Attention.about)
                + space.flatMap(StatusAnswer.Attention.about))
    }
}

extension StatusAnswer.Space {
    /// What the last backup of a job said of the size of what it stores in.
    fileprivate init?(_ view: SchedulerSnapshot.JobView) {
        guard case .backup(let result) = view.lastReport?.result, let space = result.space else { return nil }
        self.init(job: view.definition.name, usedBytes: space.used, limitBytes: space.limit, isPublic: space.isPublic)
    }
}

extension StatusAnswer.Drill {
    /// What the last run of a job said of the last drill that passed.
    fileprivate init?(_ view: SchedulerSnapshot.JobView, at now: Date) {
        guard case .verification(let facts) = view.lastReport?.result, let drill = facts.drill else { return nil }
        self.init(
            job: view.definition.name, at: drill.at, ageSeconds: max(0, Int(now.since(drill.at).components.seconds)), files: drill.files, bytes: drill.bytes)
    }
}

extension StatusAnswer.LastBackup {
    fileprivate init?(_ snapshot: SchedulerSnapshot) {
        guard let newest = snapshot.jobs.compactMap({ StatusAnswer.LastBackup($0, at: snapshot.at) }).max(by: { $0.at < $1.at }) else { return nil }
        self = newest
    }

    /// That of one job. One that found nothing new confirms the one before, and stands for it where that is not on record.
    private init?(_ view: SchedulerSnapshot.JobView, at now: Date) {
        let (stored, check) = (view.lastStored, view.lastReport.flatMap { $0.result?.isUnchanged == true && $0.state.outcome == .succeeded ? $0 : nil })
        guard let run = stored ?? check, let at = run.finishedAt else { return nil }
        self.init(
            job: run.job, at: at, ageSeconds: max(0, Int(now.since(at).components.seconds)), summary: run.summary ?? "",
            checkedAt: check.flatMap { $0.id > run.id ? $0.finishedAt : nil })
    }
}

extension JobAnswer {
    /// - Parameter usages: What the processes of services use, by run.
    init(_ view: SchedulerSnapshot.JobView, _ usages: [Int64: ProcessUsage], at now: Date) {
        let definition = view.definition
        name = definition.name
        type = definition.typeName
        isService = definition.isService
        run = view.current.map(RunAnswer.init)
        last = view.last.map(RunAnswer.init)
        verdict = view.verdict.map(RunAnswer.init)
        next = view.nextFire
        pause = view.pause.map(PauseAnswer.Pause.init)
        triggers = definition.triggers.map(\.readable)
        problems = view.problems.isEmpty ? nil : view.problems.map { Problem(outcome: $0.kind.rawValue, since: $0.since, message: $0.message) }
        since = view.current == nil ? view.stoppedAt ?? view.verdict?.finishedAt : view.current?.state.activeSince
        process = view.service?.process
        launches = view.service?.launches
        restarts = view.service.map { max(0, $0.launches - 1) }
        memoryBytes = view.current.flatMap { usages[$0.id]?.residentBytes }
        note = definition.disabled?.description ?? view.retrying?.error ?? view.obstacle ?? view.service?.note
        if view.current?.state.activeAttempt != nil { run?.progress = view.progress.map(ProgressAnswer.init) }
        switch (definition.disabled, view.current?.state) {
        case (_?, _): state = .disabled
        case (nil, nil):
            let outcome = view.verdict?.state.outcome
            state = view.stoppedAt != nil ? .stopped : definition.isService ? StateName(serviceVerdict: outcome) : StateName(verdict: outcome)
        case (nil, let current?):
            state = current.activeAttempt != nil ? view.service.map { StateName($0.state) } ?? StateName(current) : StateName(current)
        }
    }
}

extension SchedulerSnapshot {
    fileprivate var isSafeMode: Bool { jobs.contains { $0.definition.disabled == .safeMode } }
}

extension SchedulerSnapshot.JobView {
    /// Problems that no run's end says: a service that does not run has none.
    var ownProblems: [JobProblem] {
        problems.filter { problem in
            switch problem.kind {
            case .late, .silent, .slow: true
            case .restarting: current != nil
            case .failed, .incomplete, .failing: false
            }
        }
    }

    /// The run whose attempt under way follows one that has failed: until it succeeds nothing is well.
    fileprivate var tryingAgain: (run: Run, attempt: Int)? {
        guard !definition.isService, let run = current, run.error != nil, let attempt = run.state.activeAttempt, attempt > 1 else { return nil }
        return (run, attempt)
    }

    /// The run that has failed and will be tried again: what was before it tells nothing any more.
    fileprivate var retrying: Run? {
        if case .waitingToRetry = current?.state { current } else { nil }
    }
}

extension StatusAnswer.Attention {
    /// A pause without an end is easily forgotten.
    fileprivate static func paused(_ snapshot: SchedulerSnapshot) -> [StatusAnswer.Attention] {
        let own = snapshot.jobs.compactMap { $0.pause?.job == nil ? nil : $0.pause }
        return ([snapshot.pause].compactMap(\.self) + own).map { pause in
            let end = pause.until.map { ", until \(ShownTime.text($0))" } ?? ""
            return .init(
                job: pause.job ?? "schedules", message: "paused since \(ShownTime.text(pause.since))\(end)",
                hint: "shipkeeper resume \(pause.job ?? "--all")")
        }
    }

    private static let fullShare = 0.8

    /// What is to be said of a repository.
    fileprivate static func about(_ space: StatusAnswer.Space) -> [StatusAnswer.Attention] {
        var found: [StatusAnswer.Attention] = []
        if space.isPublic {
            found.append(.init(job: space.job, message: "the repository is public: anybody can read the backups", hint: "make it private in its settings"))
        }
        if let limit = space.limitBytes, limit > 0, Double(space.usedBytes) >= fullShare * Double(limit) {
            let share = space.usedBytes.percent(of: limit)
            found.append(
                .init(
                    job: space.job, message: "the repository holds \(share) % of what the account may store",
                    hint: "set \"free_space: delete\" on the repository")
            )
        }
        return found
    }

    /// Safe mode is told once, not job by job.
    fileprivate static func safeMode(_ snapshot: SchedulerSnapshot) -> [StatusAnswer.Attention] {
        guard snapshot.isSafeMode else { return [] }
        return [
            .init(
                job: "safe mode", message: "nothing is restored, started or backed up",
                hint: "look with shipkeeper backups, take out with shipkeeper restore --to FOLDER; then unset SHIPKEEPER_SAFE_MODE and restart")
        ]
    }

    /// What happens is not written down.
    fileprivate static func record(_ complaint: String?) -> [StatusAnswer.Attention] {
        complaint.map { [.init(job: "state file", message: $0, hint: "make room on its disk")] } ?? []
    }

    /// What a person must look at in a job: how it stands now, and what its last report said, which stands until another one.
    static func about(_ view: SchedulerSnapshot.JobView) -> [StatusAnswer.Attention] {
        let definition = view.definition
        let name = definition.name
        if let reason = definition.disabled {
            return reason.hint.map { [.init(job: name, message: "disabled: \(reason)", hint: $0)] } ?? []
        }
        let report = view.lastReport
        let reported = (report?.attention ?? []).map { StatusAnswer.Attention(job: name, message: $0.message, hint: $0.hint, run: report?.id) }
        return (present(view).map { [$0] } ?? [])
            + view.ownProblems.map { problem in
                .init(job: name, message: "\(problem.kind.rawValue) since \(ShownTime.text(problem.since)): \(problem.message)", hint: "shipkeeper why \(name)")
            } + reported
    }

    private static func present(_ view: SchedulerSnapshot.JobView) -> StatusAnswer.Attention? {
        let name = view.definition.name
        func log(_ run: Run) -> String { "shipkeeper logs \(name) --run \(run.id)" }
        if let service = view.service, let run = view.current, [.backingOff, .unready].contains(service.state) {
            return .init(job: name, message: service.note ?? service.state.rawValue, hint: log(run), run: run.id)
        }
        if let run = view.retrying {
            return .init(
                job: name, message: "failed, and will be retried: \(run.error ?? "")", hint: run.hint ?? log(run), run: run.id)
        }
        if let (run, attempt) = view.tryingAgain {
            let message = "failed, and attempt \(attempt) is under way: \(run.error ?? "")"
            return .init(job: name, message: message, hint: run.hint ?? log(run), run: run.id)
        }
        if let run = view.current, case .deferred(_, let until) = run.state, [.boot, .reload].contains(run.cause) {
            return .init(job: name, message: "waits until \(ShownTime.text(until)), as the server asked: \(run.error ?? "")", hint: run.hint)
        }
        if view.current == nil, let at = view.stoppedAt {
            return .init(job: name, message: "stopped manually at \(ShownTime.text(at))", hint: "shipkeeper start \(name)")
        }
        if let words = view.hopelessNeed { return .init(job: name, message: "can't start: \(words)", hint: nil) }
        guard let run = view.verdict, let outcome = run.state.outcome, [.failed, .timedOut, .interrupted].contains(outcome),
            view.current?.state.activeAttempt == nil || outcome != .interrupted
        else { return nil }
        return .init(job: name, message: "\(outcome.rawValue): \(run.error ?? run.summary ?? "")", hint: run.hint ?? log(run), run: run.id)
    }
}
