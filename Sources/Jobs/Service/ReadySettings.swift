import JobKit
import Settings

extension SettingsReader {
    /// Whether the service is ready: by a check from outside, or by what it does itself.
    static func ready(_ reader: inout SettingsReader) -> ServiceDefinition.ReadyCheck? {
        let target = reader.readyTarget()
        let check = ServiceDefinition.ReadyCheck(
            target: target ?? .notify,
            every: reader.duration("every", "Time between two checks", default: .seconds(1), in: .milliseconds(100) ... .seconds(600)),
            timeout: reader.duration("timeout", "The longest one check may take", default: .seconds(5), in: .milliseconds(100) ... .seconds(600)),
            within: reader.duration(
                "within", "A service that is not ready by then is restarted", default: ServiceDefinition.ReadyCheck.usualWithin,
                in: .seconds(1) ... .seconds(86_400)))
        switch target {
        case .notify: reader.warnOfMeaningless("notify")
        case .log: reader.warnOfMeaningless("log")
        case .probe, .file, nil: break
        }
        return target == nil ? nil : check
    }

    /// Nobody looks at what reports by itself.
    private mutating func warnOfMeaningless(_ target: String) {
        for key in ["every", "timeout"] where has(key) {
            warn(at: place(of: key), "\"\(key)\" has no meaning with \(target)", hint: "remove it; \"within\" limits the wait")
        }
    }

    private mutating func readyTarget() -> ServiceDefinition.ReadyTarget? {
        var others: (notify: Bool, log: LinePattern?, file: String?) = (false, nil, nil)
        // After those of any check, in the tables too.
        let probe = probe { reader in
            others.notify = reader.boolean(
                "notify", "true: it is ready when it sends READY=1 to its NOTIFY_SOCKET, as with systemd's Type=notify", default: false)
            others.log = reader.parsed(
                SettingShape("log", "Words in a line of its output that show that it is ready; * stands for any text", .text),
                expected: "words of the line, such as \"Ready to accept connections\"", LinePattern.init)
            others.file = reader.path("file", "A file that it writes when it is ready; one from before its start does not count", isRequired: false)
            return ["notify": others.notify, "log": others.log != nil, "file": others.file != nil]
        }
        if let probe { return .probe(probe) }
        if let log = others.log { return .log(log) }
        if let file = others.file { return .file(file) }
        return others.notify ? .notify : nil
    }

    /// How often the service must say that it is alive.
    mutating func watchdog() -> Duration? {
        optionalDuration(
            "watchdog", "Once ready, the service must send WATCHDOG=1 to its NOTIFY_SOCKET at least this often, or it is restarted",
            in: .milliseconds(100) ... .seconds(86_400))
    }

    /// How the service is asked to reload its own configuration: exactly one of `signal` and `command`.
    mutating func reload() -> ServiceDefinition.Reload? {
        let signals = SignalName.all.filter { !["SIGKILL", "SIGSTOP"].contains($0) }
        let signal = parsed(
            SettingShape("signal", "Sent to its main process", .choice(signals)), expected: "a signal such as SIGHUP or SIGUSR1",
            { SignalName.number(of: $0).flatMap { signals.contains(SignalName.name(of: $0)) ? $0 : nil } })
        let command = command("command", "Program and arguments; $MAINPID in its environment is the id of the main process")
        if signal != nil, command != nil { report("command", "signal and command are both set", hint: "keep one of them") }
        if !has("signal"), !has("command") { report(at: place, "it does not say how", hint: "set one of signal, command, such as signal: SIGHUP") }
        return signal.map { .signal($0) } ?? command.map { .command($0) }
    }
}
