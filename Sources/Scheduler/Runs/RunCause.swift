/// Why a run exists.
package enum RunCause: Hashable, Sendable {
    case boot
    /// A reload has brought the job or changed its work, and it starts at boot.
    case reload
    case schedule(String)
    /// Something has happened to another job.
    /// - Parameters:
    ///   - run: The run that it is about; nil where there is none.
    ///   - outcome: `failed`, `late`, `recovered`; nil where an earlier version has not recorded it.
    case after(job: String, run: Int64?, outcome: String? = nil)
    /// Started manually, from this origin: `command line`, `web`.
    case person(via: String)
    case stop
    /// Something below a watched folder has changed.
    case change(path: String)
    /// A dry run, which shows what a run would do.
    case dryRun(via: String)
    /// Started manually, accepting that the tree to store holds far less than the one before.
    case confirmed(via: String)
    /// A service was over its memory limit.
    case memoryLimit
    /// What another version of the program has recorded.
    case other(kind: String, detail: String?)

    /// Whether nothing is to be changed, and nothing follows.
    package var isDryRun: Bool { if case .dryRun = self { true } else { false } }

    /// Whether a tree that holds far less than the one before was accepted manually.
    package var isConfirmed: Bool { if case .confirmed = self { true } else { false } }

    /// For lists and programs.
    package var displayText: String {
        switch self {
        case .boot: "boot"
        case .reload: "reload"
        case .schedule(let name): "schedule: \(name)"
        case .after(let job, let run?, nil): "after: \(job) run \(run)"
        case .after(let job, let run, let outcome): "after: \(job)\(run.map { " run \($0)" } ?? "")\(outcome.map { " \($0)" } ?? "")"
        case .person(let origin): "person: \(origin)"
        case .stop: "stop"
        case .change(let path): "change: \(path)"
        case .dryRun(let origin): "dry run: \(origin)"
        case .confirmed(let origin): "person: \(origin), confirmed"
        case .memoryLimit: "memory limit"
        case .other(let kind, let detail): detail.map { "\(kind): \($0)" } ?? kind
        }
    }

    /// For a sentence: "because of …".
    package var clause: String {
        switch self {
        case .boot: "the start of shipkeeper"
        case .reload: "a reload that changed it"
        case .schedule(let schedule): "its schedule (\(schedule))"
        case .after(let job, let run, let outcome): "\(job)\(outcome.map { " \($0)" } ?? "")\(run.map { " (run \($0))" } ?? "")"
        case .person(let origin): "a manual start (\(origin))"
        case .stop: "the stop of shipkeeper"
        case .change(let path): "a change below \(path)"
        case .dryRun(let origin): "a manual dry run (\(origin))"
        case .confirmed(let origin): "a manual start that accepted a smaller tree (\(origin))"
        case .memoryLimit: "its memory limit"
        case .other: displayText
        }
    }
}

// MARK: As it is stored

extension RunCause {
    /// The kinds as they are stored. A new cause needs one here: the compiler then names the two places below.
    private enum Kind: String {
        case boot, reload, schedule, after, person, stop, change, confirmed
        case dryRun = "dry run"
        case memoryLimit = "memory limit"
    }

    /// A kind and what belongs to it, as texts.
    package var stored: (kind: String, detail: String?) {
        func known(_ kind: Kind, _ detail: String? = nil) -> (String, String?) { (kind.rawValue, detail) }
        return switch self {
        case .boot: known(.boot)
        case .reload: known(.reload)
        case .schedule(let name): known(.schedule, name)
        case .after(let job, let run?, nil): known(.after, "\(job)#\(run)")
        case .after(let job, let run, let outcome): known(.after, "\(job)#\(run.map { "\($0)" } ?? "")#\(outcome ?? "")")
        case .person(let origin): known(.person, origin)
        case .stop: known(.stop)
        case .change(let path): known(.change, path)
        case .dryRun(let origin): known(.dryRun, origin)
        case .confirmed(let origin): known(.confirmed, origin)
        case .memoryLimit: known(.memoryLimit)
        case .other(let kind, let detail): (kind, detail)
        }
    }

    /// Reads it back; a kind that this version does not know is kept as it is.
    package init(kind: String, detail: String?) {
        self =
            switch Kind(rawValue: kind) {
            case .boot: .boot
            case .reload: .reload
            case .schedule: .schedule(detail ?? "")
            case .after: RunCause.after(detail ?? "") ?? .other(kind: kind, detail: detail)
            case .person: .person(via: detail ?? "")
            case .stop: .stop
            case .change: .change(path: detail ?? "")
            case .dryRun: .dryRun(via: detail ?? "")
            case .confirmed: .confirmed(via: detail ?? "")
            case .memoryLimit: .memoryLimit
            case nil: .other(kind: kind, detail: detail)
            }
    }

    /// A job's name holds no "#".
    private static func after(_ detail: String) -> RunCause? {
        let parts = detail.split(separator: "#", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count) else { return nil }
        let run = Int64(parts[1])
        guard run != nil || (parts.count == 3 && parts[1].isEmpty) else { return nil }
        let outcome = parts.count == 3 ? parts[2] : ""
        guard outcome.allSatisfy({ $0.isLowercase && $0.isASCII }) else { return nil }
        return .after(job: String(parts[0]), run: run, outcome: outcome.isEmpty ? nil : String(outcome))
    }
}
