import JobKit
import Scheduler
import Settings
import TimeZones

extension ExportKind {
    /// What of a service this engine can't do, as a clause; nil where it can do all.
    func lack(for service: ServiceDefinition, environment: [String: String?]) -> String? {
        if service.adoptPort != nil { return "\"adopt_port\" keeps a process that the program leaves behind" }
        if service.cleaning != nil { return "\"clean_before_first_start\" removes files before its first start" }
        if [service.ready?.probe, service.live?.probe].contains(where: { $0?.hasSecret == true }) { return "its check needs a secret" }
        switch self {
        case .kubernetes: return kubernetesLack(for: service, environment)
        case .compose: return composeLack(for: service, environment)
        case .systemd: return systemdLack(for: service, environment)
        }
    }

    private func kubernetesLack(for service: ServiceDefinition, _ environment: [String: String?]) -> String? {
        if let lack = containerLack(for: service, environment) { return lack }
        if [service.ready?.probe, service.live?.probe].contains(where: { $0?.isForeign == true }) { return "its check asks another machine" }
        return nil
    }

    private func composeLack(for service: ServiceDefinition, _ environment: [String: String?]) -> String? {
        if let lack = containerLack(for: service, environment) { return lack }
        if service.live != nil { return "compose restarts nothing that fails its check" }
        if service.restart.order == .startFirst { return "compose starts no new container next to the old one" }
        switch service.ready?.target {
        case nil, .probe(.exec), .file: return nil
        case .probe(.http), .probe(.tcp): return "compose has no check by http or tcp"
        case .notify, .log: return nil
        }
    }

    /// What containers of both engines lack.
    private func containerLack(for service: ServiceDefinition, _ environment: [String: String?]) -> String? {
        if !service.listen.isEmpty { return "it inherits the sockets of \"listen\"" }
        if service.watchdog != nil { return "its \"watchdog\" is fed at a socket of shipkeeper" }
        switch service.ready?.target {
        case .notify?: return "it reports at a socket of shipkeeper that it is ready"
        case .log?: return "a line of its log shows that it is ready"
        case .probe?, .file?, nil: break
        }
        if !service.exitRules.values.allSatisfy(\.isRestart) { return "\"exit_rules\" stop it, give it up or repair it" }
        if service.stop.steps.first?.signal != SignalName.terminate { return "it is asked to exit by another signal than SIGTERM" }
        if environment.values.contains(nil) { return "a variable of the image is removed for it" }
        return service.memoryLimit?.lack
    }

    private func systemdLack(for service: ServiceDefinition, _ environment: [String: String?]) -> String? {
        if environment.values.contains(where: { !SecretText($0 ?? "").secrets.isEmpty }) { return "systemd puts no secret into a variable of another name" }
        if service.live != nil { return "systemd asks no service whether it still works" }
        if service.restart.order == .startFirst { return "systemd starts no new process next to the old one" }
        switch service.ready?.target {
        case .probe?, .log?, .file?: return "systemd asks no service whether it is ready"
        case .notify?, nil: break
        }
        if service.exitRules.values.contains(where: { if case .repair = $0 { true } else { false } }) { return "\"exit_rules\" repair it" }
        return service.memoryLimit?.lack
    }

    /// Why this engine can't follow the schedule; nil where it can.
    func lack(for schedule: Schedule) -> String? {
        switch (self, schedule) {
        case (.compose, _): return "compose has no schedules"
        case (.kubernetes, .every(let length)):
            return CronText.text(every: length) == nil ? "every \(DurationText.format(length)) can't be written as cron" : nil
        case (.systemd, .every): return nil
        case (.kubernetes, .cron(let expression, let zone)), (.systemd, .cron(let expression, let zone)):
            if expression.plain == nil { return "\(expression.text) is more than \(self == .systemd ? "systemd" : "Kubernetes") can express" }
            return zone.isNamedEverywhere ? nil : "its time zone is a rule, or a file of its own"
        }
    }
}

extension SignalName {
    /// The number of SIGTERM.
    static let terminate: Int32 = 15
}

extension ServiceDefinition.Probe {
    private static let ownNames: Set = ["127.0.0.1", "localhost", "::1", "0.0.0.0"]

    /// Whether a secret would have to be put into what is asked.
    var hasSecret: Bool {
        switch self {
        case .http(let addresses): addresses.contains { !SecretText($0).secrets.isEmpty }
        case .tcp: false
        case .exec(let words): words.contains { !SecretText($0).secrets.isEmpty }
        }
    }

    /// Whether it asks at another machine than the service's own.
    var isForeign: Bool {
        switch self {
        case .http(let addresses): addresses.first.flatMap(WebAddress.init).map { !ServiceDefinition.Probe.ownNames.contains($0.host) } ?? true
        case .tcp(let host, _): !ServiceDefinition.Probe.ownNames.contains(host)
        case .exec: false
        }
    }
}

extension ServiceDefinition.MemoryLimit {
    /// What an engine's limit can't do: it kills at once, whatever the service is doing.
    fileprivate var lack: String? {
        if quiet != nil { return "\"memory_limit\" waits until it is idle" }
        if case .share = size { return "\"memory_limit\" is a share of the container's memory" }
        return nil
    }
}

extension ServiceDefinition.ExitRule {
    /// Whether the exit leads to another start and nothing else.
    fileprivate var isRestart: Bool {
        switch self {
        case .restartNow, .restart: true
        case .giveUp, .stop, .repair: false
        }
    }
}

extension Zone {
    /// Whether other machines know it by its name. Where nobody names one, it is that of the container, which is UTC unless its image says otherwise.
    var isNamedEverywhere: Bool { variable.map { !$0.hasPrefix("/") && ($0 == Zone.utc.name || file != nil) } ?? true }

    /// The name of the zone in the container.
    var nameThere: String { variable ?? Zone.utc.name }
}
