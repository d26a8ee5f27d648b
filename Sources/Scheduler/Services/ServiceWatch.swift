import Foundation
import JobKit
import Settings
import Synchronization

/// Looks at one process of a service: is it ready, is it live, does it keep to its memory limit, and what does it say of itself.
final class ServiceWatch: Sendable {
    private static let memoryPace = Duration.seconds(5)
    private static let forEver = Duration.seconds(86_400 * 36_500)
    /// The least time between two changes of a status that are reported: each is recorded.
    private static let statusPace = Duration.seconds(1)

    private struct Shown {
        var condition: ServiceCondition
        /// As it was reported last.
        var status: ServiceStatus?
    }

    let launches: Int
    let definition: ServiceDefinition
    let tools: any ServiceTools
    let context: RunContext
    let process: any RunningProcess
    let life: ServiceLife
    private let shown: Mutex<Shown>
    private let peakBytes = Mutex<Int64>(0)

    init(
        definition: ServiceDefinition, tools: any ServiceTools, context: RunContext, process: any RunningProcess, life: ServiceLife, launches: Int
    ) {
        self.definition = definition
        self.tools = tools
        self.context = context
        self.process = process
        self.life = life
        self.launches = launches
        var condition = ServiceCondition()
        let known = life.known
        (condition.isReady, condition.phase, condition.status) = (life.readyAt != nil, known.phase, known.status)
        shown = Mutex(Shown(condition: condition))
    }

    /// For how long the service has been ready; zero where it was not.
    var readyFor: Duration {
        guard let readyAt = life.readyAt, let since = life.known.readySince else { return .zero }
        return max(.milliseconds(1), context.clock.uptime - since, context.clock.now.since(readyAt))
    }

    /// The most resident bytes that were seen, by us or by the kernel.
    var peak: Int64 { max(process.peakBytes, peakBytes.withLock { $0 }) }

    var condition: ServiceCondition { shown.withLock { $0.condition } }

    /// Gives the reason for a restart; nil when cancelled.
    func health() async -> String? {
        change { _ in }
        // It may have been found to be ready before it was taken over.
        if !condition.isReady {
            if let ready = definition.ready {
                switch await untilReady(ready) {
                case .ready: break
                case .late(let note): return note
                case .cancelled: return nil
                }
            }
            context.log("ready")
            life.becameReady()
            change { $0.isReady = true }
        }
        guard let live = definition.live else {
            try? await context.clock.sleep(for: ServiceWatch.forEver)
            return nil
        }
        return await untilDead(live)
    }

    // MARK: Ready

    private enum Readiness {
        case ready
        case late(String)
        case cancelled
    }

    private func untilReady(_ check: ServiceDefinition.ReadyCheck) async -> Readiness {
        switch check.target {
        case .probe(let probe):
            return await untilPassed(check) { [self] in await tools.probe(probe, timeout: check.timeout, context: context) }
        case .file(let path):
            return await untilPassed(check) { [self] in
                guard let found = await tools.state(ofFile: path, timeout: check.timeout, clock: context.clock) else {
                    return .unhealthy("\(path) is not there")
                }
                return found == life.fileBefore ? .unhealthy("\(path) has not been written since the service was started") : .healthy
            }
        case .notify: return await untilAnnounced(check, missing: "it has not sent READY=1")
        case .log(let pattern): return await untilAnnounced(check, missing: "it has not printed a line with \"\(pattern)\"")
        }
    }

    /// Until when a start may take; a service that notifies may ask for more.
    private func end(of check: ServiceDefinition.ReadyCheck, since start: Duration) -> Duration {
        max(start + check.within, life.known.extendedUntil ?? .zero)
    }

    private func untilAnnounced(_ check: ServiceDefinition.ReadyCheck, missing: String) async -> Readiness {
        let start = context.clock.uptime
        while true {
            let end = end(of: check, since: start)
            if await life.wait(within: end - context.clock.uptime, until: { $0.hasAnnounced }) {
                context.reporter.report(CheckReport(.ready, target: check.target.displayText, at: context.clock.now, result: .healthy))
                return .ready
            }
            if Task.isCancelled { return .cancelled }
            guard context.clock.uptime >= self.end(of: check, since: start) else { continue }
            return .late("not ready within \(DurationText.format(end - start)): \(missing)")
        }
    }

    private func untilPassed(_ check: ServiceDefinition.ReadyCheck, _ look: () async -> ProbeResult) async -> Readiness {
        let start = context.clock.uptime
        // A service is often up in a fraction of a second: probe soon at first, then at the configured pace.
        var pause = min(check.every, .milliseconds(100))
        var blind = Blindness()
        while true {
            let result = await reported(.ready, check.target.displayText, look)
            if Task.isCancelled { return .cancelled }
            switch result {
            case .healthy:
                change { $0.remark = nil }
                return .ready
            case .unknown(let reason):
                if blind.begins() { remark("the ready check can't run, so it is not known whether the service is ready: \(reason)") }
            case .unhealthy(let failure):
                blind = Blindness()
                if context.clock.uptime >= end(of: check, since: start) {
                    return .late("not ready within \(DurationText.format(end(of: check, since: start) - start)): \(failure)")
                }
            }
            do { try await context.clock.sleep(for: pause) } catch { return .cancelled }
            pause = min(check.every, pause * 3 / 2)
        }
    }

    // MARK: Live

    private func untilDead(_ check: ServiceDefinition.LiveCheck) async -> String? {
        var failures = 0
        var (blind, early) = (Blindness(), Blindness())
        while true {
            do { try await context.clock.sleep(for: check.every) } catch { return nil }
            let result = await reported(.live, check.probe.displayText) { [self] in
                await tools.probe(check.probe, timeout: check.timeout, context: context)
            }
            if Task.isCancelled { return nil }
            switch result {
            case .healthy:
                if !life.hasPassed { life.passed() }
                change { ($0.failure, $0.remark) = (nil, nil) }
                (failures, blind) = (0, Blindness())
            case .unknown(let reason):
                // No verdict on the service: neither a failure nor the end of a row of them.
                if blind.begins() { remark("the live check can't run, so nobody knows whether the service is well: \(reason)") }
            case .unhealthy(let failure) where !life.hasPassed && life.age < check.startPeriod:
                if early.begins() { remark("a live check has failed in the start period of \(DurationText.format(check.startPeriod)): \(failure)") }
            case .unhealthy(let failure):
                blind = Blindness()
                failures += 1
                if failures >= check.failures { return "\(failures) live checks failed in a row: \(failure)" }
                let note = "live check \(failures) of \(check.failures) failed: \(failure)"
                context.log(note)
                change { ($0.failure, $0.remark) = (note, nil) }
            }
        }
    }

    // MARK: What it says itself

    /// Shows what the service says; gives the reason for a restart that follows from it. Nil when cancelled.
    func notifications() async -> String? {
        guard definition.notifies else {
            try? await context.clock.sleep(for: ServiceWatch.forEver)
            return nil
        }
        let rules = NotifyRules(watchdog: definition.watchdog, within: definition.ready?.within ?? ServiceDefinition.ReadyCheck.usualWithin)
        var shown = life.known
        while !Task.isCancelled {
            let known = life.known
            let now = context.clock.uptime
            guard case .fine(let next) = rules.verdict(on: known, at: now) else {
                if case .restart(let reason) = rules.verdict(on: known, at: now) { return reason }
                continue
            }
            show(known, after: shown)
            let isQuick = known.status == shown.status
            shown = known
            let rest = next.map { $0 - now }
            // A status that follows another soon waits for its turn; all else is acted upon at once.
            let pause = isQuick ? rest : min(rest ?? ServiceWatch.statusPace, ServiceWatch.statusPace)
            _ = await life.wait(within: pause) { new in
                new.phase != known.phase || new.hasTriggered != known.hasTriggered || (new.readySince == nil) != (known.readySince == nil)
                    || (isQuick && new.status != known.status)
            }
        }
        return nil
    }

    private func show(_ known: NotifyState, after shown: NotifyState) {
        if known.phase != shown.phase {
            switch known.phase {
            case .running: context.log("ready again")
            case .reloading: context.log("it is reloading")
            case .stopping: context.log("it says that it is stopping")
            }
        }
        change { ($0.phase, $0.status) = (known.phase, known.status) }
    }

    private func reported(_ kind: CheckReport.Kind, _ target: String, _ look: () async -> ProbeResult) async -> ProbeResult {
        let result = await look()
        // One that was cut off by the stop says nothing.
        if !Task.isCancelled { context.reporter.report(CheckReport(kind, target: target, at: context.clock.now, result: result)) }
        return result
    }

    /// A row of probes that could not run, whose reason is logged once.
    private struct Blindness {
        private(set) var isBlind = false

        /// Whether this one is the first of the row.
        mutating func begins() -> Bool {
            defer { isBlind = true }
            return !isBlind
        }
    }

    /// Gives the reason for a restart once the limit calls for one; nil when cancelled. Looks only where there is a limit.
    func memory() async -> String? {
        guard let limit = definition.memoryLimit else {
            try? await context.clock.sleep(for: ServiceWatch.forEver)
            return nil
        }
        var judge = MemoryLimitPolicy(limit)
        while true {
            do { try await context.clock.sleep(for: ServiceWatch.memoryPace) } catch { return nil }
            let usage = await process.usage()
            peakBytes.withLock { $0 = max($0, usage.residentBytes) }
            switch judge.verdict(on: usage, at: context.clock.uptime) {
            case .restart(let reason): return reason
            case .waiting(let note): context.log(note)
            case .fine: break
            }
        }
    }

    private func remark(_ text: String) {
        context.log(text)
        change { $0.remark = text }
    }

    /// Reports what has become of the service, in the order in which it became so.
    private func change(_ body: (inout ServiceCondition) -> Void) {
        shown.withLock { shown in
            body(&shown.condition)
            let status = ServiceStatus(state: shown.condition.state, process: process.id, launches: launches, note: shown.condition.note)
            guard status != shown.status else { return }
            shown.status = status
            context.reporter.report(status)
        }
    }
}
