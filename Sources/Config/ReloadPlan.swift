import Scheduler

/// What a reload would do: the difference between the configuration in force and a new one. Pure.
package struct ReloadPlan: Hashable, Sendable {
    /// What happens to a job. The raw values are part of the output of `reload` and its JSON.
    package enum Effect: String, Hashable, Sendable, Codable {
        /// The job is new, or no longer in the file; a removed service is stopped.
        case added, removed
        /// Services whose settings changed, by whether they run and start at boot.
        case restarted, started, stopped
        /// The job's triggers changed.
        case rescheduled
        case disabled, enabled
        /// Other keys changed, which the next run uses.
        case changed
    }

    /// What happens to one job, or to a key outside the jobs.
    package struct Change: Hashable, Sendable, CustomStringConvertible {
        /// Nil for a key outside the jobs.
        package var job: String?
        package var effect: Effect
        /// What triggers it now, or why it is disabled.
        package var detail: String?
        /// The keys with other values, such as `live.failures 3 → 4`. A value that could be a secret is not shown.
        package var keys: [String]

        package init(job: String?, _ effect: Effect, detail: String? = nil, keys: [String] = []) {
            self.job = job
            self.effect = effect
            self.detail = detail
            self.keys = keys
        }

        /// `app restarted (live.failures 3 → 4)`, `backup now every 16m`.
        package var description: String {
            let keys = keys.isEmpty ? "" : " (\(keys.joined(separator: ", ")))"
            guard let job else { return self.keys.joined(separator: ", ") }
            return switch effect {
            case .rescheduled: "\(job) now \(detail ?? "started manually only")\(keys)"
            case .added, .disabled: "\(job) \(effect.rawValue)\(detail.map { ": \($0)" } ?? "")\(keys)"
            case .removed, .restarted, .started, .stopped, .enabled, .changed: "\(job) \(effect.rawValue)\(keys)"
            }
        }
    }

    /// By job name, then keys outside the jobs.
    package var changes: [Change]

    /// - Parameters:
    ///   - running: Services whose run is not over.
    ///   - stopped: Services that were stopped manually, and stay so.
    package init(from old: Configuration, to new: Configuration, running: Set<String>, stopped: Set<String>) {
        let before = Dictionary(old.jobs.map { ($0.definition.name, $0.definition) }) { first, _ in first }
        let after = Dictionary(new.jobs.map { ($0.definition.name, $0.definition) }) { first, _ in first }
        let keys = ChangedKeys(old.values, new.values)
        changes = Set(before.keys).union(after.keys).sorted().compactMap { name in
            switch (before[name], after[name]) {
            case (nil, let new?): Change(job: name, .added, detail: new.startWords)
            case (_?, nil): Change(job: name, .removed)
            case (let old?, let new?):
                ReloadPlan.change(name, old, new, keys.of(job: name), isRunning: running.contains(name), isStopped: stopped.contains(name))
            case (nil, nil): nil
            }
        }
        changes += keys.outsideJobs.map { Change(job: nil, .changed, keys: [$0]) }
    }

    private static func change(_ name: String, _ old: JobDefinition, _ new: JobDefinition, _ keys: [String], isRunning: Bool, isStopped: Bool) -> Change? {
        if let reason = new.disabled { return old.disabled == reason ? nil : Change(job: name, .disabled, detail: reason.description, keys: keys) }
        if old.disabled != nil { return Change(job: name, .enabled, detail: new.startWords, keys: keys) }
        if new.isService, old.fingerprint != new.fingerprint {
            let starts = new.triggers.contains(where: \.isAtBoot) && !isStopped
            let effect: Effect = isRunning ? (starts ? .restarted : .stopped) : starts ? .started : .changed
            return Change(job: name, effect, keys: keys)
        }
        let rest = keys.filter { !$0.hasPrefix("on.") && !$0.hasPrefix("on ") }
        if old.triggers.map(\.readable) != new.triggers.map(\.readable) { return Change(job: name, .rescheduled, detail: new.startWords, keys: rest) }
        return keys.isEmpty ? nil : Change(job: name, .changed, keys: keys)
    }

    /// One line: `app restarted (live.failures 3 → 4), backup now every 16m`.
    package var summary: String { changes.isEmpty ? "nothing has changed" : changes.map(\.description).joined(separator: ", ") }
}

/// Keys whose values differ.
private struct ChangedKeys {
    /// By path.
    private let words: [(path: String, text: String)]

    init(_ old: [String: WrittenValue], _ new: [String: WrittenValue]) {
        words = Set(old.keys).union(new.keys).sorted().compactMap { path in
            let (before, after) = (old[path], new[path])
            guard before != after else { return nil }
            switch (before, after) {
            case (nil, _): return (path, after?.shown.map { "\($0) added" } ?? "added")
            case (_, nil): return (path, "removed")
            case (let before?, let after?):
                guard let from = before.shown, let to = after.shown else { return (path, "changed") }
                return (path, "\(from) → \(to)")
            }
        }
    }

    /// Below a job, with paths as messages show them: without `with`.
    func of(job name: String) -> [String] {
        words.compactMap { path, text in
            let prefix = "jobs.\(name)."
            guard path.hasPrefix(prefix) else { return nil }
            let key = path.dropFirst(prefix.count)
            return "\(key.hasPrefix("with.") ? key.dropFirst(5) : key) \(text)"
        }
    }

    var outsideJobs: [String] { words.filter { !$0.path.hasPrefix("jobs.") && $0.path != "jobs" }.map { "\($0.path) \($0.text)" } }
}

extension JobDefinition {
    /// What triggers it: `every 16m`; nil where it is only started manually.
    fileprivate var startWords: String? { triggers.isEmpty ? nil : triggers.map(\.readable).joined(separator: ", ") }
}
