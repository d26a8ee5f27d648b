import Config
import Front
import JobKit
import Scheduler
import Settings
import TimeZones

/// Units of systemd: one service for what shipkeeper keeps together, one for each independent service, a timer with a service for each independent schedule.
struct SystemdExport {
    private let plan: ExportPlan
    private var found = Exported()

    init(_ plan: ExportPlan) { self.plan = plan }

    func exported() -> Exported {
        var export = self
        plan.noteCommon(into: &export.found)
        if plan.layout.isKeeping { export.addKeeper() }
        for service in plan.layout.services { export.addService(service) }
        for job in plan.layout.scheduled { export.addTimer(job) }
        export.found.files.append(.init(name: "shipkeeper.yaml", text: plan.request.source.text, isConfiguration: true))
        return export.found
    }

    private var folder: String { "/etc/\(plan.app)" }
    private var configuration: String { "\(folder)/shipkeeper.yaml" }

    private mutating func add(_ name: String, _ unit: UnitFile) { found.files.append(.init(name: name, text: unit.text)) }

    private func comments(_ more: [String] = []) -> [String] { ["\(plan.title)"] + more }

    /// Where the values of secrets are read from: a file for root alone, with lines NAME=value.
    /// - Parameter isOptional: Whether the unit starts without it; shipkeeper switches off what needs it then.
    private func secretSettings(_ names: [String], of unit: String, isOptional: Bool = false) -> [(String, String?)] {
        names.isEmpty ? [] : [("EnvironmentFile", "\(isOptional ? "-" : "")\(folder)/\(unit).secrets")]
    }

    private func secretComments(_ names: [String], of unit: String) -> [String] {
        names.isEmpty ? [] : ["\(folder)/\(unit).secrets has a line NAME=value for each of \(names.joined(separator: ", ")), and can be read by root alone."]
    }

    private func variables(_ all: [String: String]) -> [(String, String?)] {
        all.sorted { $0.key < $1.key }.map { ("Environment", UnitFile.quoted("\($0.key)=\($0.value)")) }
    }

    /// What none of the programs needs.
    private static let hardening: [(String, String?)] = [
        ("NoNewPrivileges", "yes"), ("ProtectSystem", "full"), ("PrivateTmp", "yes"), ("PrivateDevices", "yes"), ("ProtectKernelTunables", "yes"),
        ("ProtectKernelModules", "yes"), ("ProtectControlGroups", "yes"), ("LockPersonality", "yes"),
    ]

    // MARK: What shipkeeper keeps together

    private mutating func addKeeper() {
        let secrets = plan.keptSecrets
        var all = plan.request.variables
        all["SHIPKEEPER_STATE"] = plan.stateFolder
        if !plan.layout.elsewhere.isEmpty { all["SHIPKEEPER_DISABLED_JOBS"] = plan.layout.elsewhere.joined(separator: ",") }
        if let port = plan.configuration.front?.listen.first?.port { all["SHIPKEEPER_PORT"] = "\(port)" }
        let folders = DataFolders.outermost(plan.layout.folders.trees + plan.layout.folders.repositories.map(\.path) + [plan.stateFolder])
        let stop = DurationText.format(plan.configuration.stopBudget + .seconds(5))
        let kept = "shipkeeper keeps together: \(plan.layout.kept.map(\.definition.name).joined(separator: ", "))"
        let reasons = plan.layout.kept.compactMap { job -> String? in
            guard case .engine(let clause)? = plan.layout.reasons[job.definition.name] else { return nil }
            return "\(job.definition.name) is among them because \(clause)"
        }
        let unit = UnitFile(
            comments: comments([kept] + reasons + secretComments(secrets, of: plan.names.keeper)),
            sections: [
                .init(
                    "Unit",
                    [
                        ("Description", "\(plan.app): restored, supervised and backed up by shipkeeper"), ("Wants", "network-online.target"),
                        ("After", "network-online.target"),
                    ]),
                .init(
                    "Service",
                    [
                        ("Type", "exec"), ("ExecStart", UnitFile.command(["shipkeeper", "run", "--config", configuration])),
                        ("ExecReload", UnitFile.command(["shipkeeper", "reload", "--config", configuration])),
                    ]
                        + variables(all) + secretSettings(secrets, of: plan.names.keeper, isOptional: true)
                        + [
                            // The first signal is for the program alone, which stops its services in their order.
                            ("KillMode", "mixed"), ("TimeoutStopSec", stop), ("Restart", "on-failure"), ("RestartPreventExitStatus", "2 78"),
                            ("ReadWritePaths", folders.map { "-" + UnitFile.quoted($0) }.joined(separator: " ")),
                        ] + stateSettings(plan.stateFolder) + SystemdExport.hardening),
                .init("Install", [("WantedBy", "multi-user.target")]),
            ])
        add("\(plan.names.keeper).service", unit)
    }

    /// systemd makes a folder below /var/lib itself.
    private func stateSettings(_ path: String) -> [(String, String?)] {
        let root = "/var/lib/"
        guard path.hasPrefix(root), path.count > root.count else { return [] }
        return [("StateDirectory", UnitFile.quoted(String(path.dropFirst(root.count)))), ("StateDirectoryMode", "0700")]
    }

    // MARK: Services

    private mutating func addService(_ service: Layout.PlainService) {
        let (job, definition) = (service.job, service.definition)
        let name = plan.names.name(of: job)
        let secrets = plan.secrets(of: job)
        var all = plan.request.variables
        if let zone = job.timeZone.variable { all["TZ"] = zone }
        for case (let name, let value?) in job.environment { all[name] = value }
        let removed = job.environment.filter { $0.value == nil }.map(\.key).sorted()
        let notifies = definition.ready?.target == .notify
        let lines: [(String, String?)] =
            [
                ("Type", notifies ? "notify" : "exec"), ("NotifyAccess", definition.notifies ? "all" : nil),
                ("TimeoutStartSec", definition.ready.map { DurationText.format($0.within) }), ("WatchdogSec", definition.watchdog.map(DurationText.format)),
                ("ExecStart", UnitFile.command(definition.program.arguments)), ("ExecReload", definition.reload.map(SystemdExport.reload)),
                ("WorkingDirectory", definition.folder.map { $0.replacing("%", with: "%%") }),
            ] + secretSettings(secrets, of: name) + variables(all) + [("UnsetEnvironment", removed.isEmpty ? nil : removed.joined(separator: " "))]
            + SystemdExport.ends(definition) + [("MemoryMax", definition.memoryLimit.map { "\($0.size.bytes(of: 0))" })] + SystemdExport.hardening
        let restart = definition.restart
        let unit = UnitFile(
            comments: comments(secretComments(secrets, of: name)),
            sections: [
                .init(
                    "Unit",
                    [
                        ("Description", "\(plan.app): \(job.definition.name)"), ("StartLimitIntervalSec", DurationText.format(restart.giveUpWithin)),
                        ("StartLimitBurst", "\(restart.giveUpAfter)"),
                    ]), .init("Service", lines), .init("Install", [("WantedBy", "multi-user.target")]),
            ])
        add("\(name).service", unit)
        if !definition.listen.isEmpty { addSocket(name, definition) }
        note(service)
    }

    /// The sockets that the service inherits.
    private mutating func addSocket(_ name: String, _ definition: ServiceDefinition) {
        let addresses: [(String, String?)] = definition.listen.map { ("ListenStream", $0.description) }
        let unit = UnitFile(
            comments: comments(),
            sections: [
                .init("Unit", [("Description", "\(plan.app): the sockets of \(name)")]), .init("Socket", addresses),
                .init("Install", [("WantedBy", "sockets.target")]),
            ])
        add("\(name).socket", unit)
    }

    private static func reload(_ reload: ServiceDefinition.Reload) -> String {
        switch reload {
        case .signal(let number): "/bin/kill -\(SignalName.name(of: number).replacing("SIG", with: "")) $MAINPID"
        case .command(let words): UnitFile.command(words)
        }
    }

    /// How it is restarted and stopped.
    private static func ends(_ definition: ServiceDefinition) -> [(String, String?)] {
        let (rules, restart) = (definition.exitRules, definition.restart)
        let done = rules.filter { $0.value == .stop || $0.value == .giveUp }.map(\.key).sorted().map(String.init).joined(separator: " ")
        let successes = rules.filter { $0.value == .stop && $0.key != 0 }.map(\.key).sorted().map(String.init).joined(separator: " ")
        let step = definition.stop.steps.first
        let first = max(restart.backoff, .milliseconds(100))
        return [
            ("Restart", "always"), ("RestartSec", DurationText.format(first)), ("RestartPreventExitStatus", done.isEmpty ? nil : done),
            ("SuccessExitStatus", successes.isEmpty ? nil : successes), ("KillSignal", step.map { SignalName.name(of: $0.signal) }),
            ("TimeoutStopSec", step.map { DurationText.format($0.wait) }),
        ]
    }

    private mutating func note(_ service: Layout.PlainService) {
        let (definition, places, name) = (service.definition, service.job.places, service.job.definition.name)
        found.differs(.ownUnit(name), at: places.name)
        let restart = definition.restart
        if restart.backoffCap > restart.backoff, places.isWritten("with", "restart", "backoff") {
            found.differs(.sameWait(name, max(restart.backoff, .milliseconds(100))), at: places.place(below: "with", "restart", "backoff"))
        }
        if definition.memoryLimit != nil { found.differs(.killedAtLimit(name), at: places.place(below: "with", "memory_limit")) }
    }

    // MARK: Schedules

    private mutating func addTimer(_ scheduled: Layout.ScheduledJob) {
        let job = scheduled.job
        let name = plan.names.name(of: job)
        let secrets = plan.secrets(of: job)
        let state = "/var/lib/\(name)"
        var all = plan.request.variables
        all["SHIPKEEPER_STATE"] = state
        // What the file says of the state folder is for the program that runs all the time, which holds its lock.
        let command = UnitFile.command(["shipkeeper", "exec", job.definition.name, "--config", configuration, "--state", state])
        let unit = UnitFile(
            comments: comments(secretComments(secrets, of: name)),
            sections: [
                .init(
                    "Unit",
                    [("Description", "\(plan.app): one run of \(job.definition.name)"), ("Wants", "network-online.target"), ("After", "network-online.target")]),
                .init(
                    "Service",
                    [("Type", "oneshot"), ("ExecStart", command)] + variables(all) + secretSettings(secrets, of: name) + stateSettings(state)
                        + [("KillMode", "mixed"), ("TimeoutStopSec", DurationText.format(plan.configuration.stopBudget + .seconds(5)))]
                        + SystemdExport.hardening),
            ])
        add("\(name).service", unit)
        add("\(name).timer", timer(scheduled))
        found.noteSchedule(scheduled, keepsOverlap: [.skip], keepsJitter: true)
        if job.definition.fireRule.startDeadline != nil { found.differs(.startDeadline(job.definition.name), at: job.places.place(below: "start_deadline")) }
    }

    private func timer(_ scheduled: Layout.ScheduledJob) -> UnitFile {
        let rule = scheduled.job.definition.fireRule
        let times: [(String, String?)]
        switch scheduled.schedule {
        case .cron(let expression, let zone):
            let events = expression.plain.map { OnCalendar.events($0, zone: zone.nameThere) } ?? []
            times = events.map { ("OnCalendar", $0) } + [("Persistent", rule.catchUp == .skip ? "false" : "true")]
        case .every(let length):
            let text = DurationText.format(length)
            times = [("OnActiveSec", scheduled.atStart ? "0" : text), ("OnUnitActiveSec", text)]
        }
        let jitter = rule.jitter > .zero ? DurationText.format(rule.jitter) : nil
        return UnitFile(
            comments: comments(),
            sections: [
                .init("Unit", [("Description", "\(plan.app): when \(scheduled.job.definition.name) runs")]),
                .init("Timer", times + [("AccuracySec", "1s"), ("RandomizedDelaySec", jitter), ("FixedRandomDelay", jitter.map { _ in "true" })]),
                .init("Install", [("WantedBy", "timers.target")]),
            ])
    }
}
