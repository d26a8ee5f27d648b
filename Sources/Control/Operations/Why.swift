import Foundation
import JobKit
import Scheduler
import Settings
import TimeZones

package enum WhyOperation: ControlOperation {
    package struct Request: OperationRequest {
        package static let notes = [
            "job": ParameterNote("The job's name"),
            "at": ParameterNote(
                "A scheduled time to explain: `03:00`, the last time the wall showed it; `2026-11-27 03:00`; or an instant such as `2026-11-27T03:00:00+08:00`. Where it is missing, how the job stands now is explained",
                .instant),
        ]

        package var job: String
        package var at: String?

        package init(job: String, at: String? = nil) {
            self.job = job
            self.at = at
        }
    }

    package static let name = "why"
    package static let path = "jobs/{job}/why"
    package static let summary = "Explain why a job ran, did not run, or when it will."
    package static let effect = OperationEffect.reads
    package static let disclosure = OperationDisclosure.state

    package static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> WhyAnswer {
        if let at = request.at { return try await program.why(request.job, at: at) }
        return try await program.why(request.job)
    }
}

extension Operations {
    /// How far back it is looked for what led to the present.
    private static let mostHistory = 20

    /// How a job stands, what led to it, and what comes next. Messages of jobs and names are as they are in any language.
    package func why(_ name: String, in language: Language = .english) async throws(OperationError) -> WhyAnswer {
        let view = try await job(name)
        do {
            let runs = try await history.store.runs(of: name, limit: Operations.mostHistory)
            let subject = view.current ?? view.verdict ?? view.last
            let attempts = if let subject { try await history.store.attempts(of: subject.id) } else { [Attempt]() }
            return WhyAnswer(name, Why(view: view, runs: runs, attempts: attempts, now: clock.now, language: language).lines)
        } catch {
            throw .store(error)
        }
    }

    /// What became of one scheduled time.
    package func why(_ name: String, at text: String) async throws(OperationError) -> WhyAnswer {
        let view = try await job(name)
        let zone = view.definition.zone
        guard let wanted = WrittenInstant.parse(text, in: zone, now: clock.now) else {
            throw .invalidParameter("\"\(text)\" is not a time; write 03:00, \"2026-11-27 03:00\" or 2026-11-27T03:00:00+08:00")
        }
        do {
            let (runs, events) = (try await history.store.runs(of: name, limit: 10_000), try await history.store.events(limit: 10_000))
            return WhyAnswer(name, WhyThen(view: view, runs: runs, events: events, wanted: wanted, now: clock.now).lines)
        } catch {
            throw .store(error)
        }
    }
}

extension WhyAnswer {
    /// - Parameter lines: What is said, the verdict first.
    init(_ job: String, _ lines: [Line]) {
        self.init(
            job: job, answer: lines.map { $0.about == .verdict ? "\(job): \($0.text)" : "\($0.about.rawValue): \($0.text)" }.joined(separator: "\n"),
            lines: lines)
    }
}

extension JobDefinition {
    /// In which its times are shown: that of its schedule, where it has one.
    var zone: Zone { triggers.lazy.compactMap { $0.schedule?.zone }.first ?? ShownTime.zone }
}

/// How a job stands and what led to it. A value: what is known in, lines out.
struct Why {
    let view: SchedulerSnapshot.JobView
    /// The newest ones, newest first, skipped ones included.
    let runs: [Run]
    /// Of the run under way; where there is none, of the one that says how the job stands.
    let attempts: [Attempt]
    let now: Date
    var language = Language.english

    var lines: [WhyAnswer.Line] {
        if let reason = view.definition.disabled {
            return [.init(.verdict, say("disabled: \(reason)", "已禁用：\(reason)")), reason.hint.map { .init(.next, $0) }].compactMap(\.self)
        }
        return [
            .init(.verdict, verdict), cause.map { .init(.cause, $0) }, history.map { .init(.history, $0) }, later.map { .init(.later, $0) },
            view.ownProblems.isEmpty ? nil : .init(.problem, joined(view.ownProblems.map(problem))),
            view.nextAlarm.map { .init(.deadline, alarm($0.kind, $0.at)) },
            future.map { .init(.next, $0) },
        ].compactMap(\.self)
    }

    private func problem(_ problem: JobProblem) -> String {
        say(
            "\(problem.kind.rawValue) since \(time(problem.since)): \(problem.message)",
            "自 \(time(problem.since)) 起\(problem.kind.chinese)：\(problem.message)")
    }

    private func alarm(_ kind: JobProblem.Kind, _ at: Date) -> String {
        say(
            "\(kind.rawValue) at \(time(at))\(kind == .slow ? "" : ", unless something happens before")",
            "\(kind == .slow ? "" : "如无变化，")\(time(at)) 将判定为\(kind.chinese)")
    }

    /// The run that the explanation is about.
    private var subject: Run? { view.current ?? view.verdict ?? view.last }

    private var verdict: String {
        guard let run = view.current else { return pastVerdict }
        let id = number(run)
        switch run.state {
        case .running(_, let since):
            let state = StateWords.text(view.service.map { StateName($0.state) } ?? .running, language)
            return say("\(state) for \(length(since)) \(id)", "\(state)，已持续 \(length(since))\(id)") + after(view.service?.note)
        case .ending(_, _, let reason):
            return say("stopping, because \(reason.displayText) \(id)", "正在停止，原因：\(reason.chinese)\(id)")
        case .queued:
            return say(
                "waiting: it \(view.obstacle ?? "waits for a free place") \(id)", "等待中\(id)：\(view.obstacle ?? "等待空闲名额")")
        case .waitingToRetry(let attempt, let at):
            let wait = spoken(at.since(now))
            return say("failed, and is tried again in \(wait), attempt \(attempt) \(id)", "失败，\(wait)后进行第 \(attempt) 次尝试\(id)") + after(run.error ?? "")
        case .deferred(_, let until):
            let wait = spoken(until.since(now))
            return say("deferred for \(wait) \(id)", "推迟 \(wait)\(id)") + after(run.error ?? say("a server asked to wait", "服务器要求等待"))
        case .finished: return pastVerdict
        }
    }

    private var pastVerdict: String {
        if let at = view.stoppedAt { return say("stopped manually \(ago(at))", "\(ago(at))手动停止") }
        guard let run = view.verdict ?? view.last, let outcome = run.state.outcome else { return say("has not run yet", "尚未运行过") }
        let state: StateName? = view.definition.isService ? StateName(serviceVerdict: outcome) : outcome == .succeeded ? .ok : nil
        let word = state.map { StateWords.text($0, language) } ?? StateWords.text(outcome, language)
        return say("\(word), \(ago(run.finishedAt ?? run.createdAt)) ", "\(word)，\(ago(run.finishedAt ?? run.createdAt))") + number(run) + after(words(of: run))
    }

    /// Why that run exists.
    private var cause: String? {
        guard let run = subject else { return nil }
        let clause = say(run.cause.clause, run.cause.chinese)
        var parts: [String] = []
        if case .schedule = run.cause {
            parts.append(say("\(clause), due \(time(run.scheduledAt))", "\(clause)，应于 \(time(run.scheduledAt)) 运行"))
        } else {
            parts.append(clause)
        }
        if let reason = run.reason { parts.append(say("reason: ", "理由：") + reason) }
        if run.missed > 0 { parts.append(standsFor(run)) }
        let before = runs.first { $0.id < run.id && $0.state.outcome != .skipped }
        if let before, before.state.outcome == .interrupted {
            parts.append(
                say(
                    "shipkeeper had ended while run \(before.id) was \(view.definition.isService ? "up" : "under way")",
                    "shipkeeper 曾在运行 \(before.id) 期间退出"))
        }
        return joined(parts)
    }

    /// What happened within that run: earlier attempts, or of a service earlier lives.
    private var history: String? {
        let ended = attempts.filter { $0.endedAt != nil }
        func result(_ attempt: Attempt) -> String { attempt.result ?? say("ended", "已结束") }
        if view.definition.isService {
            guard view.current != nil, let last = ended.last, let at = last.endedAt else { return nil }
            return say(
                "restarted \(ended.count)× in this run, last \(ago(at)): it \(result(last))", "本次运行中已重启 \(ended.count) 次，最近一次在\(ago(at))：\(result(last))")
        }
        guard attempts.count > 1 || (view.current != nil && !ended.isEmpty) else { return nil }
        let shown = ended.suffix(Why.mostAttempts)
        let left = ended.count - shown.count
        let texts = shown.map { say("attempt \($0.number): \(result($0))", "第 \($0.number) 次尝试：\(result($0))") }
        return joined((left > 0 ? [say("\(left.counted("attempt")) before", "此前还有 \(left) 次尝试")] : []) + texts)
    }

    private static let mostAttempts = 3

    /// What happened after that run without changing how the job stands.
    private var later: String? {
        guard let newest = runs.first, newest.id != subject?.id, let outcome = newest.state.outcome, outcome == .skipped || outcome == .cancelled else {
            return nil
        }
        let what =
            outcome == .skipped
            ? say("the scheduled time \(ago(newest.scheduledAt)) was skipped", "\(ago(newest.scheduledAt))的计划时间已跳过")
            : say("run \(newest.id) was cancelled \(ago(newest.finishedAt ?? now))", "运行 \(newest.id) 于\(ago(newest.finishedAt ?? now))取消")
        return joined([what + after(words(of: newest))] + (newest.missed > 0 ? [standsFor(newest)] : []))
    }

    private var future: String? {
        if let next = view.nextFire {
            let wait = spoken(next.since(now))
            return say("in \(wait), at \(time(next))", "\(wait)后，即 \(time(next))")
        }
        if let pause = view.pause {
            let resume = "shipkeeper resume \(pause.job ?? "--all")"
            let whose = pause.job == nil ? say("all schedules are", "所有计划任务") : say("it is", "")
            let end =
                pause.until.map { say("until \(time($0))", "至 \(time($0))") } ?? say("until it is resumed (\(resume))", "直到手动恢复（\(resume)）")
            return say("\(whose) paused (\(pause.via), \(ago(pause.since))), \(end)", "\(whose)已暂停（\(pause.via)，\(ago(pause.since))），\(end)")
        }
        guard view.current == nil else { return nil }
        if view.stoppedAt != nil { return "shipkeeper start \(view.definition.name)" }
        let triggers = view.definition.triggers.map { say($0.readable, $0.chinese) }
        return language.say(
            (triggers + [triggers.isEmpty ? "when started manually" : "or when started manually"]).joined(separator: ", "),
            (triggers + ["手动启动时"]).joined(separator: "，或"))
    }

    private func words(of run: Run) -> String? { (run.error ?? run.summary).flatMap { $0.isEmpty ? nil : $0 } }
    private func standsFor(_ run: Run) -> String { say("it stands for \(run.missed.counted("earlier scheduled time")) too", "同时代表此前 \(run.missed) 个计划时间") }
    private func time(_ date: Date) -> String { view.definition.zone.text(date) }
    private func spoken(_ length: Duration) -> String { language.say(DurationText.readable(length), Spoken.length(length, .chinese)) }
    private func length(_ since: Date) -> String { spoken(now.since(since)) }
    private func ago(_ date: Date) -> String { say("\(length(date)) ago", Spoken.ago(date, now, .chinese)) }
    private func number(_ run: Run) -> String { say("(run \(run.id))", "（运行 \(run.id)）") }
    private func after(_ message: String?) -> String { message.map { say(": ", "：") + $0 } ?? "" }
    private func joined(_ parts: [String]) -> String { parts.joined(separator: say("; ", "；")) }
    private func say(_ english: @autoclosure () -> String, _ chinese: @autoclosure () -> String) -> String { language.say(english(), chinese()) }
}
