import Settings

/// Reads service and timer units: systemd.service(5), systemd.timer(5). A timer and its service become one job.
struct SystemdReader {
    private struct Unit {
        let file: ImportSource.File
        let name: String
        let content: INIFile

        func section(_ name: String) -> INIFile.Section? { content.section(name) }
    }

    private let units: [Unit]

    static func read(_ source: ImportSource, into found: inout ImportedConfiguration) {
        let known = source.files.filter { $0.name.hasSuffix(".service") || $0.name.hasSuffix(".timer") || source.files.count == 1 }
        let units = known.map { Unit(file: $0, name: $0.name, content: INIFile($0, .unit)) }
        for file in source.files where !known.contains(where: { $0.path == file.path }) {
            found.differs(file, 0, "only .service and .timer units are read")
        }
        SystemdReader(units: units).read(into: &found)
    }

    private func read(into found: inout ImportedConfiguration) {
        let timers = units.filter { $0.section("Timer") != nil }
        for unit in units {
            for line in unit.content.others { found.fails(unit.file, line, "this is neither a section nor key=value") }
        }
        for unit in units where unit.section("Service") != nil {
            let timer = timers.first { target(of: $0) == unit.name || target(of: $0) == unit.name + ".service" }
            add(unit, timer, into: &found)
        }
        for timer in timers where !units.contains(where: { $0.section("Service") != nil && $0.name == target(of: timer) }) {
            found.fails(
                timer.file, timer.section("Timer")?.line ?? 0, "\(target(of: timer)) is missing, which the timer starts", hint: "import the folder with both")
        }
        if timers.isEmpty, !units.contains(where: { $0.section("Service") != nil }), let unit = units.first {
            found.fails(unit.file, 0, "there is neither [Service] nor [Timer]")
        }
    }

    private func target(of timer: Unit) -> String { timer.section("Timer")?.last("Unit")?.value ?? timer.name.replacing(".timer", with: ".service") }

    private static func jobName(_ unit: String) -> String { ImportedJob.name(from: unit.replacing(/\.(service|timer)$/, with: "")) }

    // MARK: Services

    private func add(_ unit: Unit, _ timer: Unit?, into found: inout ImportedConfiguration) {
        guard let service = unit.section("Service") else { return }
        if unit.name.hasSuffix("@.service") {
            found.fails(
                unit.file, service.line, "\(unit.name) is a template: %i is the name of no instance",
                hint: "save it as \(unit.name.replacing("@.", with: "@NAME.")), and import that")
        }
        let kind = service.last("Type")?.value ?? "simple"
        var job = ImportedJob(SystemdReader.jobName(unit.name), kind == "oneshot" || timer != nil ? .command : .service)
        if let about = unit.section("Unit")?.last("Description") { job.comments = [expanded(about.value, unit, about.line, into: &found)] }
        guard run(service, unit, &job, into: &found) else { return }
        if let timer {
            schedule(timer, &job, into: &found)
        } else if job.work == .command {
            job.on = .word("boot")
        }
        if unit.section("Install") == nil, timer == nil {
            found.differsOnce(unit.file, service.line, "\(job.name) has no [Install], and is started at boot all the same")
        }
        addNeeds(unit, &job, into: &found)
        addReadiness(kind, service, unit, &job, into: &found)
        for setting in service.settings { take(setting, unit, service, &job, into: &found) }
        addBackground(service, unit, &job, into: &found)
        addRestart(service, &job, into: &found)
        addStop(service, unit, &job, into: &found)
        found.add(job)
    }

    private static let prefixes: Set<Character> = ["-", "@", "+", "!", ":", "|"]

    private func run(_ service: INIFile.Section, _ unit: Unit, _ job: inout ImportedJob, into found: inout ImportedConfiguration) -> Bool {
        let main = service.all("ExecStart").filter { !$0.value.isEmpty }
        guard let first = main.first else {
            found.fails(unit.file, service.line, "[Service] has no ExecStart")
            return false
        }
        let steps = service.all("ExecStartPre") + main + (job.work == .command ? service.all("ExecStartPost") : [])
        for post in service.all("ExecStartPost") where job.work == .service {
            found.fails(
                unit.file, post.line, "ExecStartPost is left out: \(post.value)",
                hint: "a job with on: { after: { job: \(job.name), outcome: started } } runs then")
        }
        let lines = steps.map { line(of: $0, unit, into: &found) }
        let isPlain = steps.count == 1 && !first.value.contains("$") && lines[0].prefix.isEmpty
        if isPlain, let words = ShellWords.split(lines[0].text) {
            job.run(words: asUser(words, service, unit, into: &found))
            return true
        }
        // What may fail has no effect; all else ends the line.
        let shell = lines.enumerated().map { index, step in
            let isLast = index == lines.count - 1
            return (isLast && !step.prefix.contains("-") ? "exec " : "") + step.text + (step.prefix.contains("-") ? " || true" : isLast ? "" : " || exit")
        }.joined(separator: "\n")
        let words = asUser(["/bin/sh", "-c", shell], service, unit, into: &found)
        if words.first == "/bin/sh" { job.run(line: shell) } else { job.run(words: words) }
        return true
    }

    private func line(of setting: INIFile.Setting, _ unit: Unit, into found: inout ImportedConfiguration) -> (prefix: Substring, text: String) {
        let prefix = setting.value.prefix { SystemdReader.prefixes.contains($0) }
        if prefix.contains("@") || prefix.contains("+") || prefix.contains("!") {
            found.differs(unit.file, setting.line, "the prefix \"\(prefix)\" of \(setting.key) is not carried over")
        }
        var text = expanded(String(setting.value.dropFirst(prefix.count)), unit, setting.line, into: &found)
        // A program needs its path there, and a dollar is doubled.
        text = text.replacing("$$", with: "\\$")
        return (prefix.filter { $0 == "-" }[...], text)
    }

    /// Specifiers such as `%n`.
    private func expanded(_ text: String, _ unit: Unit, _ line: Int, into found: inout ImportedConfiguration) -> String {
        let stem = unit.name.replacing(/\.(service|timer)$/, with: "")
        let parts = stem.split(separator: "@", maxSplits: 1).map(String.init)
        let known = [
            "n": unit.name, "N": stem, "p": parts.first ?? stem, "i": parts.dropFirst().first ?? "", "I": parts.dropFirst().first ?? "", "t": "/run",
            "S": "/var/lib",
            "C": "/var/cache", "L": "/var/log", "E": "/etc", "T": "/tmp", "V": "/var/tmp", "h": "/root", "u": "root", "U": "0", "%": "%",
        ]
        return text.replacing(/%(.)/) { match in
            let letter = String(match.output.1)
            if let value = known[letter] { return value }
            found.fails(unit.file, line, "the specifier %\(letter) has no like, and stays as it is")
            return String(match.output.0)
        }
    }

    private func asUser(_ words: [String], _ service: INIFile.Section, _ unit: Unit, into found: inout ImportedConfiguration) -> [String] {
        guard let user = service.last("User"), user.value != "root" else { return words }
        found.differsOnce(
            unit.file, user.line, "accounts are taken on by setpriv (util-linux), for which shipkeeper must run as root, and HOME stays the container's")
        return ImportedJob.words(words, as: user.value, group: service.last("Group")?.value)
    }

    private func addNeeds(_ unit: Unit, _ job: inout ImportedJob, into found: inout ImportedConfiguration) {
        guard let section = unit.section("Unit") else { return }
        let services = Set(units.filter { $0.section("Service") != nil }.map(\.name))
        for setting in section.settings {
            let names = setting.value.split(whereSeparator: \.isWhitespace).map(String.init)
            switch setting.key {
            case "Requires", "BindsTo", "Wants", "Requisite":
                for name in names {
                    let isKnown = services.contains(name)
                    if isKnown, !job.needs.contains(SystemdReader.jobName(name)) { job.needs.append(SystemdReader.jobName(name)) }
                    if !isKnown, name.hasSuffix(".service") {
                        found.differs(unit.file, setting.line, "\(name) is not among the imported units: it is not waited for")
                    } else if [".socket", ".mount", ".path", ".device"].contains(where: name.hasSuffix) {
                        found.fails(
                            unit.file, setting.line, "\(name) has no like, and is not waited for",
                            hint: name.hasSuffix(".socket") ? "listen passes sockets as systemd does" : nil)
                    }
                }
                if !names.isEmpty, names.contains(where: services.contains), setting.key == "Wants" {
                    found.differs(unit.file, setting.line, "\(job.name) does not start where what it wants has failed")
                }
            case "After":
                for name in names where services.contains(name) && !job.needs.contains(SystemdReader.jobName(name)) {
                    job.needs.append(SystemdReader.jobName(name))
                    found.differs(unit.file, setting.line, "After=\(name) becomes needs: \(job.name) does not start where it has failed")
                }
            case "OnFailure":
                found.fails(
                    unit.file, setting.line, "OnFailure=\(setting.value) is left out",
                    hint: "a job with on: { after: { job: \(job.name), outcome: failed } } runs then")
            case "Description", "Documentation", "Before", "DefaultDependencies", "StartLimitIntervalSec", "StartLimitBurst", "SourcePath": break
            default:
                if setting.key.hasPrefix("Condition") || setting.key.hasPrefix("Assert") {
                    found.differs(unit.file, setting.line, "\(setting.key)=\(setting.value) is not asked: \(job.name) starts in any case")
                } else {
                    found.differs(unit.file, setting.line, "\(setting.key) is not carried over")
                }
            }
        }
    }

    private func addReadiness(
        _ kind: String, _ service: INIFile.Section, _ unit: Unit, _ job: inout ImportedJob, into found: inout ImportedConfiguration
    ) {
        guard job.work == .service else { return }
        let line = service.last("Type")?.line ?? service.line
        switch kind {
        case "notify", "notify-reload":
            var ready: [YAMLValue.Entry] = [.init("notify", .word("true"))]
            if let start = service.last("TimeoutStartSec") ?? service.last("TimeoutSec") {
                if let within = UnitDuration.limit(start.value) {
                    ready.append(.init("within", .word(within)))
                } else {
                    found.differs(unit.file, start.line, "a service that is not ready within 10m is restarted; \(start.key)=\(start.value) waits for ever")
                }
            }
            job.with.append(.init("ready", .map(ready)))
        case "forking":
            found.fails(
                unit.file, line, "Type=forking: the program must stay in the foreground here", hint: "look for an option such as --foreground or --no-daemon")
        case "dbus": found.differs(unit.file, line, "Type=dbus: the service counts as ready once it is started")
        default: break
        }
        if let watchdog = service.last("WatchdogSec").flatMap({ UnitDuration.text($0.value) }) { job.with.append(.init("watchdog", .word(watchdog))) }
    }

    // MARK: Other settings

    private func take(
        _ setting: INIFile.Setting, _ unit: Unit, _ service: INIFile.Section, _ job: inout ImportedJob, into found: inout ImportedConfiguration
    ) {
        let (key, value, line) = (setting.key, setting.value, setting.line)
        switch key {
        case "Type", "ExecStart", "ExecStartPre", "ExecStartPost", "User", "Restart", "RestartSec", "StartLimitBurst", "StartLimitIntervalSec",
            "StartLimitInterval", "KillSignal", "TimeoutStopSec", "WatchdogSec", "TimeoutStartSec", "TimeoutSec", "SyslogIdentifier", "NotifyAccess", "PIDFile",
            "RemainAfterExit", "RestartPreventExitStatus", "SuccessExitStatus", "RestartForceExitStatus", "GuessMainPID":
            break
        case "Group" where ["root", nil].contains(service.last("User")?.value):
            found.differs(unit.file, line, "Group=\(value) is not set: the program has the groups of shipkeeper", hint: "set User too, which takes on both")
        case "Group": break
        case "WorkingDirectory":
            let folder = value.hasPrefix("-") ? String(value.dropFirst()) : value
            job.with.append(.init("cwd", .text(expanded(folder == "~" ? "/root" : folder, unit, line, into: &found))))
        case "Environment": job.environment += environment(setting, unit, into: &found)
        case "EnvironmentFile":
            found.fails(unit.file, line, "EnvironmentFile=\(value) is not read", hint: "run --env-file reads one for all jobs; env: sets variables of one")
        case "ExecReload":
            guard job.work == .service else { return }
            if let signal = value.firstMatch(of: /kill\s+-(?:s\s+)?(?:SIG)?([A-Z0-9]+)\s+\$\{?MAINPID/)?.output.1 {
                job.with.append(.init("reload", .map([.init("signal", .word("SIG\(signal)"))])))
            } else {
                let words = ["/bin/sh", "-c", expanded(value, unit, line, into: &found)]
                job.with.append(.init("reload", .map([.init("command", .list(words.map(YAMLValue.text)))])))
            }
        case "ExecStop", "ExecStopPost", "ExecCondition":
            found.fails(
                unit.file, line, "\(key) is left out: \(value)", hint: "services are ended by stop: { signal, grace }; a job with on: stop runs before that")
        case "MemoryMax", "MemoryHigh", "MemoryLimit":
            // That of a command is looked for with its other ways to make room.
            if job.work == .command, key == "MemoryHigh" { return }
            guard job.work == .service, let size = SystemdReader.size(value) else {
                return found.differs(unit.file, line, "\(key)=\(value) is not carried over")
            }
            job.with.removeAll { $0.key == "memory_limit" }
            job.with.append(.init("memory_limit", .word(size)))
            found.differs(unit.file, line, "above its memory limit a service is restarted by its stop steps; it is not killed at once")
        case "StandardOutput", "StandardError":
            if !["journal", "inherit", "syslog", "journal+console", "tty"].contains(value) {
                found.differs(unit.file, line, "output goes to the container log and to \"shipkeeper logs \(job.name)\", not to \(value)")
            }
        case "KillMode": if value != "control-group" { found.differs(unit.file, line, "KillMode=\(value): all processes of the service are ended with it") }
        case "Nice" where job.work == .command && Int(value).map({ (0...19).contains($0) }) == true: break
        case "IOSchedulingClass" where ["best-effort", "2", "none", "0"].contains(value) || job.work == .command && SystemdReader.idle.contains(value): break
        case "UMask", "Nice", "IOSchedulingClass", "IOSchedulingPriority", "CPUSchedulingPolicy":
            let program = ["UMask": "umask", "Nice": "nice", "CPUSchedulingPolicy": "chrt"][key] ?? "ionice"
            found.differs(unit.file, line, "\(key) is not set", hint: "start the program with \(program) in a shell line")
        default: found.differs(unit.file, line, "\(key) is not carried over")
        }
    }

    private static let idle: Set = ["idle", "3"]

    /// `512M` as `512MiB`; nil for a percentage and for `infinity`.
    private static func size(_ text: String) -> String? {
        text.wholeMatch(of: /(\d+)([KMGT]?)/).map { "\($0.output.1)\($0.output.2.isEmpty ? "B" : "\($0.output.2)iB")" }
    }

    /// What a command leaves to others. It does not wait for a quiet moment there.
    private func addBackground(_ service: INIFile.Section, _ unit: Unit, _ job: inout ImportedJob, into found: inout ImportedConfiguration) {
        guard job.work == .command else { return }
        let nice = service.last("Nice").flatMap { Int($0.value) }.flatMap { (0...19).contains($0) ? $0 : nil }
        let isIdle = service.last("IOSchedulingClass").map { SystemdReader.idle.contains($0.value) } ?? false
        let memory = service.last("MemoryHigh")
        let limit = memory.flatMap { SystemdReader.size($0.value) }
        if let memory, limit == nil { found.differs(unit.file, memory.line, "MemoryHigh=\(memory.value) is not carried over") }
        guard nice != nil || isIdle || limit != nil else { return }
        if let memory, limit != nil { found.differs(unit.file, memory.line, "MemoryHigh has an effect where control groups of version 2 can be written") }
        var entries: [YAMLValue.Entry] = [.init("nice", .word("\(nice ?? 0)")), .init("io", .word(isIdle ? "idle" : "normal"))]
        if let limit { entries.append(.init("memory_high", .word(limit))) }
        job.keys.append(.init("background", .map(entries + [.init("pressure", .text("off"))])))
    }

    /// `A=1 "B=two words"`.
    private func environment(_ setting: INIFile.Setting, _ unit: Unit, into found: inout ImportedConfiguration) -> [YAMLValue.Entry] {
        guard let words = ShellWords.split(setting.value) else {
            found.fails(unit.file, setting.line, "a quote in Environment is not closed")
            return []
        }
        return words.compactMap { word in
            guard let equals = word.firstIndex(of: "=") else { return nil }
            return .init(String(word[..<equals]), .text(expanded(String(word[word.index(after: equals)...]), unit, setting.line, into: &found)))
        }
    }

    private func addRestart(_ service: INIFile.Section, _ job: inout ImportedJob, into found: inout ImportedConfiguration) {
        let restart = service.last("Restart")?.value ?? "no"
        guard job.work == .service else {
            let codes = service.last("SuccessExitStatus")?.value.split(whereSeparator: \.isWhitespace).compactMap { Int($0) } ?? []
            if !codes.isEmpty { job.with.append(.init("success_codes", .list(([0] + codes).map { .word("\($0)") }))) }
            if let limit = (service.last("TimeoutStartSec") ?? service.last("TimeoutSec")).flatMap({ UnitDuration.limit($0.value) }) {
                job.keys.append(.init("timeout", .word(limit)))
            }
            return
        }
        var rules: [YAMLValue.Entry] = []
        if restart == "on-failure" || restart == "on-abnormal" || restart == "no" || restart == "on-abort" { rules.append(.init("0", .word("stop"))) }
        for code in service.last("RestartPreventExitStatus")?.value.split(whereSeparator: \.isWhitespace).compactMap({ Int($0) }) ?? [] {
            rules.append(.init("\(code)", .word("give_up")))
        }
        if !rules.isEmpty { job.with.append(.init("exit_rules", .map(rules))) }
        if restart != "always", restart != "on-failure" {
            let (file, line) = (units.first { $0.section("Service")?.line == service.line }?.file, service.last("Restart")?.line ?? service.line)
            if let file { found.differs(file, line, "\(job.name) is restarted when it fails, which Restart=\(restart) does not do in all cases") }
        }
        var entries: [YAMLValue.Entry] = []
        if let wait = service.last("RestartSec").flatMap({ UnitDuration.seconds($0.value) }), wait >= 1, let text = UnitDuration.text("\(Int(wait))") {
            entries.append(.init("backoff", .word("\(text)..\(text)")))
        }
        let unit = units.first { $0.section("Service")?.line == service.line }?.section("Unit")
        let burst = service.last("StartLimitBurst") ?? unit?.last("StartLimitBurst")
        let interval = service.last("StartLimitIntervalSec") ?? service.last("StartLimitInterval") ?? unit?.last("StartLimitIntervalSec")
        if let burst = burst.flatMap({ Int($0.value) }), burst > 0 {
            let length = interval.flatMap { UnitDuration.seconds($0.value) } ?? 10
            entries.append(.init("give_up_after", .word("\(burst) in \(UnitDuration.text("\(Int(max(1, length)))") ?? "10s")")))
        }
        if !entries.isEmpty { job.with.append(.init("restart", .map(entries))) }
    }

    private func addStop(_ service: INIFile.Section, _ unit: Unit, _ job: inout ImportedJob, into found: inout ImportedConfiguration) {
        var entries: [YAMLValue.Entry] = []
        if let signal = service.last("KillSignal")?.value, signal != "SIGTERM" { entries.append(.init("signal", .word(signal))) }
        if let grace = service.last("TimeoutStopSec") ?? service.last("TimeoutSec") {
            if let length = UnitDuration.limit(grace.value) {
                entries.append(.init("grace", .word(length)))
            } else {
                found.differs(
                    unit.file, grace.line, "\(grace.key)=\(grace.value) waits for ever; here a program has 10s to end, and stop_budget at the end of all")
            }
        }
        if !entries.isEmpty { job.with.append(.init("stop", .map(entries))) }
    }

    // MARK: Timers

    private func schedule(_ unit: Unit, _ job: inout ImportedJob, into found: inout ImportedConfiguration) {
        guard let timer = unit.section("Timer") else { return }
        var (crons, group, zones): ([String], [YAMLValue.Entry], Set<String>) = ([], [], [])
        for setting in timer.settings {
            switch setting.key {
            case "OnCalendar":
                guard !setting.value.isEmpty else { continue }
                do throws(CalendarEvent.Unwritable) {
                    let (expressions, zone) = try CalendarEvent.cron(setting.value)
                    crons += expressions
                    if let zone { zones.insert(zone) }
                    found.differsOnce(unit.file, setting.line, "a time that the clocks skip comes once, just after the gap; systemd leaves it out")
                } catch {
                    found.fails(unit.file, setting.line, "OnCalendar=\(setting.value) can't be written as cron: \(error.reason)")
                }
            case "OnUnitActiveSec", "OnUnitInactiveSec":
                guard let every = UnitDuration.text(setting.value) else { continue }
                group.append(.init("every", .word(every)))
                if setting.key == "OnUnitInactiveSec" {
                    found.differs(unit.file, setting.line, "the distance is from start to start, not from the end to the next start")
                }
            case "OnBootSec", "OnStartupSec", "OnActiveSec":
                group.insert(.init("boot", .word("true")), at: 0)
                if let wait = UnitDuration.seconds(setting.value), wait > 0 {
                    found.differs(unit.file, setting.line, "it starts at boot at once, and not \(setting.value) later")
                }
            case "RandomizedDelaySec":
                if let length = UnitDuration.text(setting.value) { job.keys.append(.init("jitter", .word(length))) }
            case "Persistent", "Unit", "AccuracySec": break
            default: found.differs(unit.file, setting.line, "\(setting.key) is not carried over")
            }
        }
        if zones.count > 1 { found.fails(unit.file, timer.line, "OnCalendar names more than one time zone: a job has one") }
        if let zone = zones.sorted().first { job.keys.append(.init("timezone", .text(zone))) }
        if !crons.isEmpty { group.append(.init("cron", crons.count == 1 ? .text(crons[0]) : .list(crons.map(YAMLValue.text)))) }
        // Without Persistent nothing is made up for.
        let isPersistent = ["true", "yes", "1", "on"].contains(timer.last("Persistent")?.value.lowercased() ?? "")
        if !crons.isEmpty, !isPersistent { job.keys.append(.init("catch_up", .word("skip"))) }
        job.on = group.isEmpty ? .list([]) : .map(group)
    }
}
