import Settings

/// Reads supervisord.conf: http://supervisord.org/configuration.html.
struct SupervisordReader {
    private let file: ImportSource.File
    /// Variables and the account of the section `[supervisord]`.
    private var environment: [YAMLValue.Entry] = []

    static func read(_ source: ImportSource, into found: inout ImportedConfiguration) {
        for file in source.files {
            var reader = SupervisordReader(file: file)
            reader.read(into: &found)
        }
    }

    private init(file: ImportSource.File) { self.file = file }

    private mutating func read(into found: inout ImportedConfiguration) {
        let content = INIFile(file, .python)
        for line in content.others { found.fails(file, line, "this is neither a section nor key=value") }
        if let section = content.section("supervisord") { readGlobals(section, into: &found) }
        for section in content.sections {
            let parts = section.name.split(separator: ":", maxSplits: 1).map(String.init)
            switch parts.first ?? "" {
            case "program": add(section, parts.last ?? "program", into: &found)
            case "fcgi-program":
                add(section, parts.last ?? "program", into: &found)
                found.differs(file, section.line, "no FastCGI socket is opened for [\(section.name)]", hint: "listen passes sockets as systemd does")
            case "eventlistener":
                found.fails(
                    file, section.line, "[\(section.name)] is left out: events are not written to programs", hint: "a job with on: { after: … } hears of others"
                )
            case "group":
                found.differs(file, section.line, "the programs of [\(section.name)] are services of their own: they are not started and stopped by one name")
            case "include":
                found.fails(file, section.line, "the files of [include] are not read (\(section.last("files")?.value ?? ""))", hint: "import each of them too")
            case "unix_http_server", "inet_http_server", "supervisorctl", "supervisord": break
            default: if !section.name.hasPrefix("rpcinterface") { found.fails(file, section.line, "[\(section.name)] is left out") }
            }
        }
    }

    private mutating func readGlobals(_ section: INIFile.Section, into found: inout ImportedConfiguration) {
        for setting in section.settings {
            switch setting.key {
            case "environment": environment = variables(setting, [:], into: &found)
            case "user" where setting.value != "root":
                found.differs(
                    file, setting.line, "shipkeeper itself does not become \(setting.value)",
                    hint: "set the account of the container, such as USER in the Dockerfile")
            case "umask", "minfds", "minprocs": found.differs(file, setting.line, "\(setting.key) of supervisord is not set: the container's is used")
            default: break
            }
        }
    }

    // MARK: Programs

    private func add(_ section: INIFile.Section, _ name: String, into found: inout ImportedConfiguration) {
        let count = section.last("numprocs").flatMap { Int($0.value) } ?? 1
        let start = section.last("numprocs_start").flatMap { Int($0.value) } ?? 0
        for number in 0..<min(100, max(1, count)) {
            let expansions = [
                "program_name": name, "process_num": "\(start + number)",
                "here": file.path.contains("/") ? String(file.path.dropLast(file.name.count + 1)) : ".", "group_name": name,
            ]
            let own = count > 1 ? "\(name)-\(start + number)" : name
            guard let job = job(section, own, expansions, isFirst: number == 0, into: &found) else { return }
            found.add(job)
        }
        found.differsOnce(
            file, section.line, "all services start at once, and each waits only for what its needs name",
            hint: "priority orders starts in supervisord; write needs instead")
    }

    private func job(
        _ section: INIFile.Section, _ name: String, _ expansions: [String: String], isFirst: Bool, into found: inout ImportedConfiguration
    ) -> ImportedJob? {
        guard let command = section.last("command") else {
            found.fails(file, section.line, "[\(section.name)] has no command")
            return nil
        }
        let restart = section.last("autorestart")?.value.lowercased() ?? "unexpected"
        let isOnce = restart == "false" || restart == "no" || restart == "0"
        var job = ImportedJob(name, isOnce ? .command : .service)
        if isOnce { job.on = .word("boot") }
        guard run(command, section, expansions, &job, into: &found) else { return nil }
        if let folder = section.last("directory") { job.with.append(.init("cwd", .template(expanded(folder.value, expansions)))) }
        let codes = (section.last("exitcodes")?.value ?? "0").split(separator: ",").compactMap { Int($0.trimmingBlanks) }
        if isOnce, codes != [0] { job.with.append(.init("success_codes", .list(codes.map { .word("\($0)") }))) }
        if restart == "unexpected" { job.with.append(.init("exit_rules", .map(codes.map { .init("\($0)", .word("stop")) }))) }
        job.environment = environment
        for setting in section.settings { take(setting, expansions, isOnce, isFirst, &job, into: &found) }
        addStop(section, &job)
        if isOnce, isFirst { found.differs(file, section.line, "\(name) is not restarted, so it is a command that runs once at each start") }
        return job
    }

    private func run(
        _ setting: INIFile.Setting, _ section: INIFile.Section, _ expansions: [String: String], _ job: inout ImportedJob,
        into found: inout ImportedConfiguration
    ) -> Bool {
        guard var words = ShellWords.split(setting.value.replacing("\n", with: " ")) else {
            found.fails(file, setting.line, "a quote in the command is not closed: \(setting.value)")
            return false
        }
        if let user = section.last("user"), user.value != "root" {
            words = ImportedJob.words(words, as: user.value)
            found.differsOnce(
                file, user.line,
                "accounts are taken on by setpriv (util-linux), for which shipkeeper must run as root; the account's group is taken to have its name")
        }
        if let mask = section.last("umask") { words = ["/bin/sh", "-c", "umask \(mask.value); exec \"$@\"", "sh"] + words }
        job.with.insert(.init("command", .list(words.map { YAMLValue.template(YAMLValue.template($0, expand: { expanded($0, expansions) })) })), at: 0)
        return true
    }

    private func addStop(_ section: INIFile.Section, _ job: inout ImportedJob) {
        var entries: [YAMLValue.Entry] = []
        if let signal = section.last("stopsignal")?.value.uppercased(), signal != "TERM", signal != "SIGTERM" {
            entries.append(.init("signal", .word(signal.hasPrefix("SIG") ? signal : "SIG\(signal)")))
        }
        if let grace = section.last("stopwaitsecs").flatMap({ Int($0.value) }), grace != 10 { entries.append(.init("grace", .word("\(grace)s"))) }
        if !entries.isEmpty { job.with.append(.init("stop", .map(entries))) }
    }

    /// Settings besides those that are looked for by name.
    private func take(
        _ setting: INIFile.Setting, _ expansions: [String: String], _ isOnce: Bool, _ isFirst: Bool, _ job: inout ImportedJob,
        into found: inout ImportedConfiguration
    ) {
        let (key, value) = (setting.key, setting.value)
        switch key {
        case "command", "directory", "user", "umask", "exitcodes", "autorestart", "stopsignal", "stopwaitsecs", "numprocs", "numprocs_start", "redirect_stderr",
            "process_name", "priority", "serverurl", "socket", "socket_owner", "socket_mode", "socket_backlog":
            break
        case "environment":
            for entry in variables(setting, expansions, into: &found) {
                job.environment.removeAll { $0.key == entry.key }
                job.environment.append(entry)
            }
        case "autostart":
            guard ["false", "no", "0", "off"].contains(value.lowercased()) else { return }
            job.on = .list([])
        case "startretries":
            guard let retries = Int(value), !isOnce else { return }
            job.with.append(.init("restart", .map([.init("give_up_after", .word("\(max(1, retries)) in 10m"))])))
            if isFirst { found.differs(file, setting.line, "startretries counts failed starts; give_up_after counts all exits within 10 minutes") }
        case "startsecs":
            if isFirst, value != "1" {
                found.differs(file, setting.line, "startsecs is not waited for: without a ready check a service counts as ready once it is started")
            }
        case "stopasgroup", "killasgroup": break
        case "stdout_logfile", "stderr_logfile":
            let isOpen = ["/dev/stdout", "/dev/stderr", "/dev/fd/1", "/dev/fd/2", "/proc/self/fd/1", "/proc/self/fd/2", "syslog"].contains(value)
            if isFirst, value.uppercased() == "NONE" {
                found.differs(file, setting.line, "output is not thrown away: it is in the container log and in \"shipkeeper logs \(job.name)\"")
            } else if isFirst, !isOpen, value.uppercased() != "AUTO" {
                found.differs(file, setting.line, "output goes to the container log and to \"shipkeeper logs \(job.name)\", not to \(value)")
            }
        case "stdout_syslog", "stderr_syslog":
            if isFirst { found.differs(file, setting.line, "output goes to the container log and to \"shipkeeper logs \(job.name)\", not to syslog") }
        case "stdout_events_enabled", "stderr_events_enabled":
            if isFirst { found.differs(file, setting.line, "no events are made of output") }
        // How the files of output are kept.
        case _ where key.hasPrefix("stdout_") || key.hasPrefix("stderr_"): break
        default: if isFirst { found.differs(file, setting.line, "\(key) is not carried over") }
        }
    }

    // MARK: Values

    /// `KEY="value",OTHER=value`.
    private func variables(_ setting: INIFile.Setting, _ expansions: [String: String], into found: inout ImportedConfiguration) -> [YAMLValue.Entry] {
        var entries: [YAMLValue.Entry] = []
        var rest = setting.value.replacing("\n", with: " ").trimmingBlanks[...]
        while !rest.isEmpty {
            guard let parts = rest.prefixMatch(of: /\s*([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^,]*))\s*,?\s*/)?.output else {
                found.fails(file, setting.line, "\"\(rest)\" in environment is not NAME=value")
                break
            }
            let value = parts.2 ?? parts.3 ?? parts.4 ?? ""
            entries.append(.init(String(parts.1), .template(YAMLValue.template(value.trimmingBlanks, expand: { expanded($0, expansions) }))))
            rest = rest.dropFirst(parts.0.count)
        }
        return entries
    }

    /// `%(program_name)s` and the like replaced; `%(ENV_NAME)s` becomes `${NAME}`, `%%` a percent sign.
    private func expanded(_ text: String, _ expansions: [String: String]) -> String {
        text.replacing(/%%|%\((\w+)\)(?:0(\d))?[sd]/) { match in
            guard let name = match.output.1 else { return "%" }
            if name.hasPrefix("ENV_") { return "${\(name.dropFirst(4))}" }
            let value = expansions[String(name)] ?? String(match.output.0)
            guard let width = match.output.2.flatMap({ Int($0) }) else { return value }
            return String(repeating: "0", count: max(0, width - value.count)) + value
        }
    }
}

extension YAMLValue {
    /// Text with its own dollars doubled, before variables are put in.
    static func template(_ text: some StringProtocol, expand: (String) -> String) -> String { expand(escapedDollars(String(text))) }
}
