import Settings

/// Reads compose files of Docker: https://docs.docker.com/reference/compose-file/. The services become processes of one container.
struct ComposeReader {
    typealias Parse = (_ text: String, _ file: String) -> (root: ConfigNode?, problems: [Problem])

    private let file: ImportSource.File
    /// Services that others wait for until they have ended.
    private let completed: Set<String>
    /// Services without a program that is known here.
    private let leftOut: Set<String>

    static func read(_ source: ImportSource, _ parse: Parse, into found: inout ImportedConfiguration) {
        for file in source.files {
            let (root, problems) = parse(file.text, file.path)
            for problem in problems { found.fails(file, problem.place.line, problem.message, hint: problem.hint) }
            guard let services = root?["services"]?.entries else {
                found.fails(file, 0, "there is no \"services\"")
                continue
            }
            for entry in root?.entries ?? [] where !["services", "version", "name"].contains(entry.key) && !entry.key.hasPrefix("x-") {
                found.differs(file, entry.place.line, "\"\(entry.key)\" is not carried over: all services run in one container")
            }
            let waits = services.flatMap { $0.value["depends_on"]?.entries ?? [] }
            let completed = waits.filter { $0.value["condition"]?.text == "service_completed_successfully" }.map(\.key)
            let leftOut = services.filter { ComposeReader.words(of: $0.value) == nil }.map(\.key)
            let reader = ComposeReader(file: file, completed: Set(completed), leftOut: Set(leftOut))
            for service in services { reader.add(service, among: Set(services.map(\.key)), into: &found) }
        }
    }

    private func add(_ service: ConfigNode.Entry, among names: Set<String>, into found: inout ImportedConfiguration) {
        let node = service.value
        var job = ImportedJob(service.key, completed.contains(service.key) ? .command : .service)
        if job.work == .command { job.on = .word("boot") }
        guard run(service, &job, into: &found) else { return }
        if let image = node["image"] ?? node["build"] {
            found.differs(
                file, image.place.line,
                "\(service.key) runs in this container and not in \(image.text.map { "the image \($0)" } ?? "an image of its own"): its program must be installed here\(node["entrypoint"] == nil ? ", and the entrypoint of the image does not run" : "")"
            )
        }
        found.differsOnce(
            file, service.place.line, "all services share one network: other services are at 127.0.0.1, and two can't listen at one port",
            hint: "replace names of services in addresses such as redis://redis:6379")
        for entry in node.entries ?? [] { take(entry, service, &job, names, into: &found) }
        addRestart(service, &job, into: &found)
        addStop(node, &job)
        found.add(job)
    }

    // MARK: The program

    private func run(_ service: ConfigNode.Entry, _ job: inout ImportedJob, into found: inout ImportedConfiguration) -> Bool {
        let node = service.value
        guard node["entrypoint"] != nil || node["command"] != nil else {
            found.fails(
                file, service.place.line, "\(service.key) is left out: its command is that of its image\(node["image"]?.text.map { " \($0)" } ?? "")",
                hint: "write the command of the image under \"command\", and import again")
            return false
        }
        let parts = [node["entrypoint"], node["command"]].compactMap(\.self)
        guard parts.allSatisfy({ ComposeReader.words($0) != nil }) else {
            found.fails(file, service.place.line, "the command of \(service.key) has a quote that is not closed")
            return false
        }
        var words = parts.flatMap { ComposeReader.words($0) ?? [] }
        if node["entrypoint"] == nil, words.first?.hasPrefix("-") == true {
            found.fails(
                file, node["command"]?.place.line ?? service.place.line,
                "\(service.key) is left out: its command is only arguments, and the program is the entrypoint of its image\(node["image"]?.text.map { " \($0)" } ?? "")",
                hint: "write the program under \"entrypoint\", and import again")
            return false
        }
        if let user = node["user"]?.text, user != "root", user != "0", user != "0:0" {
            let (name, group) = (String(user.split(separator: ":").first ?? ""), user.split(separator: ":").dropFirst().first.map(String.init))
            words = ImportedJob.words(words, as: name, group: group)
            found.differsOnce(file, node["user"]?.place.line ?? 0, "accounts are taken on by setpriv (util-linux), for which shipkeeper must run as root")
        }
        let line = parts.last?.place.line ?? service.place.line
        job.with.insert(.init("command", .list(words.map { .template(variables($0, line, into: &found)) })), at: 0)
        return true
    }

    /// The program with its arguments; nil where it is not known, or a quote is not closed.
    private static func words(of service: ConfigNode) -> [String]? {
        let parts = [service["entrypoint"], service["command"]].compactMap(\.self)
        var found: [String] = []
        for part in parts {
            guard let words = words(part) else { return nil }
            found += words
        }
        return found.isEmpty || (service["entrypoint"] == nil && found[0].hasPrefix("-")) ? nil : found
    }

    /// The words of a command, which is a line or a list; nil where a quote is not closed.
    private static func words(_ node: ConfigNode) -> [String]? { node.elements?.compactMap(\.text) ?? ShellWords.split(node.text ?? "") }

    /// `${NAME}`, `${NAME:-default}` and `$$` mean the same; other forms are written as the nearest of them.
    private func variables(_ text: String, _ line: Int, into found: inout ImportedConfiguration) -> String {
        var result = text.replacing(/\$\$|\$([A-Za-z_][A-Za-z0-9_]*)/) { match in match.output.1.map { "${\($0)}" } ?? "$$" }
        for match in result.matches(of: /\$\{([A-Za-z_][A-Za-z0-9_]*)(-|:\?|\?|:\+|\+)([^}]*)\}/).reversed() {
            let (name, form, rest) = (match.output.1, match.output.2, match.output.3)
            if form == "+" || form == ":+" {
                found.fails(file, line, "\"\(match.output.0)\" has no like: it is replaced by \"\(rest)\"")
                result.replaceSubrange(match.range, with: rest)
            } else {
                if form == "-" { found.differs(file, line, "\"\(match.output.0)\" takes the default for an empty variable too") }
                result.replaceSubrange(match.range, with: form == "-" ? "${\(name):-\(rest)}" : "${\(name)}")
            }
        }
        return result
    }

    // MARK: Other keys

    private func take(
        _ entry: ConfigNode.Entry, _ service: ConfigNode.Entry, _ job: inout ImportedJob, _ names: Set<String>, into found: inout ImportedConfiguration
    ) {
        let (node, line) = (entry.value, entry.place.line)
        switch entry.key {
        case "image", "build", "command", "entrypoint", "user", "restart", "stop_signal", "stop_grace_period", "container_name", "expose", "init", "tty",
            "stdin_open", "labels", "annotations", "pull_policy", "platform", "attach":
            break
        case "working_dir": job.with.append(.init("cwd", .template(variables(node.text ?? "", line, into: &found))))
        case "environment": job.environment += environment(node, line, into: &found)
        case "env_file":
            found.differs(file, line, "env_file is not read for one service", hint: "run --env-file reads one for all; env: sets variables of a job")
        case "depends_on": addNeeds(node, &job, names, into: &found)
        case "healthcheck": addCheck(node, service, &job, into: &found)
        case "ports":
            found.differs(
                file, line, "ports are not mapped: the container's own port is the public one",
                hint: "front: { upstream: \(service.key) } puts nginx before the service")
        case "volumes":
            found.differs(file, line, "volumes are folders of the container: mount them there", hint: "a backup job keeps them where the disk is lost")
        case "mem_limit": addMemory(node, line, &job, into: &found)
        case "deploy": addDeployment(node, &job, into: &found)
        case "profiles":
            job.on = .list([])
            found.differs(file, line, "profiles are not known: \(service.key) runs when it is started manually")
        default:
            if !entry.key.hasPrefix("x-") { found.differs(file, line, "\"\(entry.key)\" of \(service.key) is not carried over") }
        }
    }

    private func environment(_ node: ConfigNode, _ line: Int, into found: inout ImportedConfiguration) -> [YAMLValue.Entry] {
        if let elements = node.elements {
            return elements.compactMap { element in
                guard let text = element.text, let equals = text.firstIndex(of: "=") else { return nil }
                return .init(String(text[..<equals]), .template(variables(String(text[text.index(after: equals)...]), element.place.line, into: &found)))
            }
        }
        // Without a value it is the container's, which jobs have anyway.
        return (node.entries ?? []).compactMap { entry in
            entry.value.text.map { .init(entry.key, .template(variables($0, entry.place.line, into: &found))) }
        }
    }

    private func addNeeds(_ node: ConfigNode, _ job: inout ImportedJob, _ names: Set<String>, into found: inout ImportedConfiguration) {
        let wanted =
            node.elements?.compactMap { element in element.text.map { ($0, element.place.line) } } ?? (node.entries ?? []).map { ($0.key, $0.place.line) }
        for (name, line) in wanted {
            guard names.contains(name) else {
                found.fails(file, line, "depends_on names \(name), which this file does not declare")
                continue
            }
            guard !leftOut.contains(name) else {
                found.fails(file, line, "depends_on names \(name), which is left out: it is not waited for")
                continue
            }
            job.needs.append(ImportedJob.name(from: name))
        }
        if node.elements != nil {
            found.differsOnce(file, node.place.line, "a service waits until those it needs are ready, which is more than started where they have a healthcheck")
        }
    }

    private func addCheck(_ node: ConfigNode, _ service: ConfigNode.Entry, _ job: inout ImportedJob, into found: inout ImportedConfiguration) {
        let test = node["test"]
        if node["disable"]?.text == "true" || test?.elements?.first?.text == "NONE" || job.work == .command { return }
        guard let test else { return found.differs(file, node.place.line, "the healthcheck of the image is not known here") }
        let words: [String]
        switch test.elements?.first?.text {
        case "CMD": words = test.elements?.dropFirst().compactMap(\.text) ?? []
        case "CMD-SHELL": words = ["/bin/sh", "-c", test.elements?.dropFirst().first?.text ?? ""]
        default: words = ["/bin/sh", "-c", test.text ?? test.elements?.compactMap(\.text).joined(separator: " ") ?? ""]
        }
        var check: [YAMLValue.Entry] = [.init("exec", .list(words.map { .template(variables($0, test.place.line, into: &found)) }))]
        if let every = node["interval"]?.text { check.append(.init("every", .word(every))) }
        if let timeout = node["timeout"]?.text { check.append(.init("timeout", .word(timeout))) }
        job.with.append(.init("ready", .map(check)))
        found.differsOnce(
            file, node.place.line,
            "a healthcheck says when the service is ready; later failures of it have no effect, and a service that is not ready within 10m is restarted",
            hint: "the same under live: restarts a service that fails it")
    }

    private func addMemory(_ node: ConfigNode, _ line: Int, _ job: inout ImportedJob, into found: inout ImportedConfiguration) {
        guard let text = node.text, job.work == .service else { return }
        guard let size = ComposeReader.size(text) else { return found.fails(file, line, "the size \"\(text)\" is not understood") }
        job.with.append(.init("memory_limit", .word(size)))
        found.differs(file, line, "above its memory limit a service is restarted by its stop steps; it is not killed at once")
    }

    /// `512m` as `512MiB`.
    private static func size(_ text: String) -> String? {
        guard let parts = text.lowercased().wholeMatch(of: /(\d+(?:\.\d+)?)\s*([kmg]?)i?b?/)?.output else { return nil }
        return "\(parts.1)\(parts.2.isEmpty ? "B" : "\(parts.2.uppercased())iB")"
    }

    private func addDeployment(_ node: ConfigNode, _ job: inout ImportedJob, into found: inout ImportedConfiguration) {
        for entry in node.entries ?? [] {
            switch entry.key {
            case "resources":
                if let memory = entry.value["limits"]?["memory"] { addMemory(memory, memory.place.line, &job, into: &found) }
                if entry.value["limits"]?["cpus"] != nil || entry.value["reservations"] != nil {
                    found.differs(file, entry.place.line, "processors and reservations are those of the container")
                }
            case "replicas" where entry.value.text == "1": break
            default: found.differs(file, entry.place.line, "\"deploy.\(entry.key)\" is not carried over")
            }
        }
    }

    // MARK: Ends

    private func addRestart(_ service: ConfigNode.Entry, _ job: inout ImportedJob, into found: inout ImportedConfiguration) {
        guard job.work == .service else { return }
        let setting = service.value["restart"]
        let (text, line) = (setting?.text ?? "no", setting?.place.line ?? service.place.line)
        if text == "always" || text == "unless-stopped" { return }
        job.with.append(.init("exit_rules", .map([.init("0", .word("stop"))])))
        if text == "no" || text == "false" {
            found.differs(file, line, "\(service.key) is restarted when it fails, which compose does not do without \"restart\"")
        } else if let count = text.split(separator: ":").dropFirst().first {
            job.with.append(.init("restart", .map([.init("give_up_after", .word("\(count) in 1h"))])))
            found.differs(file, line, "on-failure:\(count) counts all failures; give_up_after counts those of the last hour")
        }
    }

    private func addStop(_ node: ConfigNode, _ job: inout ImportedJob) {
        var entries: [YAMLValue.Entry] = []
        if let signal = node["stop_signal"]?.text?.uppercased(), signal != "SIGTERM" {
            entries.append(.init("signal", .word(signal.hasPrefix("SIG") ? signal : "SIG\(signal)")))
        }
        if let grace = node["stop_grace_period"]?.text { entries.append(.init("grace", .word(grace))) }
        if !entries.isEmpty { job.with.append(.init("stop", .map(entries))) }
    }
}
