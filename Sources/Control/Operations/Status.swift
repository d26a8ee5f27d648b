import Foundation
import JobKit
import Scheduler

extension Operations {
    /// Everything in one look: what runs, since when, what is next, and what needs somebody.
    package func status() async throws(OperationError) -> StatusAnswer {
        guard let overview = await scheduler.overview() else { throw .starting }
        let space = try await space(overview)
        return StatusAnswer(
            version: version, at: overview.at, startedAt: startedAt, restarts: restarts, isStopping: overview.isStopping,
            configuration: configuration, jobs: overview.jobs.map { JobAnswer($0, at: overview.at) },
            lastBackup: try await lastBackup(overview), space: space,
            attention: StatusAnswer.Attention.safeMode(overview) + overview.jobs.compactMap(StatusAnswer.Attention.init)
                + space.flatMap(StatusAnswer.Attention.about))
    }

    /// What the last backups said of the size of what they store in.
    private func space(_ overview: Overview) async throws(OperationError) -> [StatusAnswer.Space] {
        var found: [StatusAnswer.Space] = []
        for job in overview.jobs {
            let runs: [Run]
            do { runs = try await store.runs(of: job.definition.name, limit: 50) } catch { throw .store(error) }
            guard let outputs = runs.first(where: { $0.outputs["repository_bytes"] != nil })?.outputs,
                let used = outputs["repository_bytes"].flatMap({ Int64($0) })
            else { continue }
            found.append(
                .init(
                    job: job.definition.name, usedBytes: used, limitBytes: outputs["repository_limit"].flatMap { Int64($0) },
                    isPublic: outputs["public"] == "true"))
        }
        return found
    }

    /// The newest backup that succeeded; one that found nothing new counts, for what is stored is what is there.
    private func lastBackup(_ overview: Overview) async throws(OperationError) -> StatusAnswer.LastBackup? {
        var newest: Run?
        for job in overview.jobs where job.definition.typeName == "backup" {
            let runs: [Run]
            do { runs = try await store.runs(of: job.definition.name, limit: 200) } catch { throw .store(error) }
            let good = runs.first { $0.state.outcome == .succeeded && $0.outputs["outcome"] != "set aside" }
            if let good, (good.finishedAt ?? .distantPast) > (newest?.finishedAt ?? .distantPast) { newest = good }
        }
        guard let newest, let at = newest.finishedAt else { return nil }
        return StatusAnswer.LastBackup(
            job: newest.job, at: at, ageSeconds: max(0, Int(overview.at.timeIntervalSince(at))), summary: newest.summary ?? "")
    }
}

extension JobAnswer {
    init(_ view: Overview.JobView, at now: Date) {
        name = view.definition.name
        type = view.definition.typeName
        isService = view.definition.isService
        run = view.current.map(RunAnswer.init)
        last = view.last.map(RunAnswer.init)
        next = view.nextFire
        triggers = view.definition.triggers.map(\.readable)
        since = view.current?.state.activeSince
        process = view.service?.process
        launches = view.service?.launches
        note = view.definition.disabled?.description ?? view.retrying?.error ?? view.obstacle ?? view.service?.note
        if let progress = view.progress, view.current?.state.activeAttempt != nil {
            run?.progress = ProgressAnswer(progress, since: since, at: now)
        }
        switch (view.definition.disabled, view.current?.state) {
        case (_?, _): state = "disabled"
        case (nil, nil): state = view.last.map { $0.state.outcome == .failed && view.definition.isService ? "given up" : "idle" } ?? "idle"
        case (nil, let current?): state = current.activeAttempt != nil ? view.service?.state.rawValue ?? current.word : current.word
        }
    }
}

extension Overview.JobView {
    /// The run that has failed and will be tried again: what was before it tells nothing any more.
    fileprivate var retrying: Run? {
        if case .waitingToRetry = current?.state { current } else { nil }
    }
}

extension StatusAnswer.Attention {
    private static let fullShare = 0.8

    /// What is to be said of a repository.
    fileprivate static func about(_ space: StatusAnswer.Space) -> [StatusAnswer.Attention] {
        var found: [StatusAnswer.Attention] = []
        if space.isPublic {
            found.append(.init(job: space.job, message: "the repository is public: anybody can read the backups", hint: "make it private in its settings"))
        }
        if let limit = space.limitBytes, limit > 0, Double(space.usedBytes) >= fullShare * Double(limit) {
            let share = Int(Double(space.usedBytes) / Double(limit) * 100)
            found.append(
                .init(
                    job: space.job, message: "the repository holds \(share) % of what the account may store", hint: "set \"reclaim: delete\" on the repository")
            )
        }
        return found
    }

    /// Safe mode is told once, not job by job.
    fileprivate static func safeMode(_ overview: Overview) -> [StatusAnswer.Attention] {
        guard overview.jobs.contains(where: { $0.definition.disabled == .safeMode }) else { return [] }
        return [
            .init(
                job: "safe mode", message: "nothing is restored, started or backed up",
                hint: "look with shipkeeper backups, take out with shipkeeper restore --to FOLDER; then take SHIPKEEPER_SAFE_MODE away and restart")
        ]
    }

    /// Nil for a job that nobody needs to look at.
    fileprivate init?(_ view: Overview.JobView) {
        job = view.definition.name
        if let reason = view.definition.disabled {
            guard let remedy = reason.hint else { return nil }
            (message, hint) = ("disabled: \(reason)", remedy)
            return
        }
        if let service = view.service, view.current != nil, [.backingOff, .unready].contains(service.state) {
            (message, hint) = (service.note ?? service.state.rawValue, "shipkeeper logs \(job)")
            return
        }
        if let run = view.retrying {
            (message, hint) = ("failed, and is tried again: \(run.error ?? "")", run.hint ?? "shipkeeper logs \(job) --run \(run.id)")
            return
        }
        if let obstacle = view.obstacle, obstacle.contains("failed") || obstacle.contains("disabled") {
            (message, hint) = (obstacle, nil)
            return
        }
        if let last = view.last, let count = last.outputs["troubles"], count != "0" {
            (message, hint) = ("the last backup lacks something: \(last.summary ?? "")", "shipkeeper logs \(job) --run \(last.id)")
            return
        }
        if let last = view.last, last.outputs["outcome"] == "failed", view.current == nil {
            (message, hint) = ("the data were not brought back, and backups are locked: \(last.outputs["error"] ?? "")", "shipkeeper start \(job)")
            return
        }
        guard let last = view.last, let outcome = last.state.outcome, [.failed, .timedOut, .interrupted].contains(outcome),
            view.current?.state.activeAttempt == nil || outcome != .interrupted
        else { return nil }
        (message, hint) = (
            "\(outcome.rawValue): \(last.error ?? last.summary ?? "")", last.hint ?? "shipkeeper logs \(job) --run \(last.id)"
        )
    }
}
