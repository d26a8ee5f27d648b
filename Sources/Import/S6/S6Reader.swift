import JobKit
import Settings

/// Reads the folders of s6-overlay, version 3 (`s6-rc.d`) and the older `services.d` and `cont-init.d`: https://github.com/just-containers/s6-overlay.
struct S6Reader {
    private let source: ImportSource
    /// Names of services of `s6-rc.d`, with their files by the name below the service's folder.
    private let services: [String: [String: ImportSource.File]]

    static func read(_ source: ImportSource, into found: inout ImportedConfiguration) {
        var services: [String: [String: ImportSource.File]] = [:]
        for file in source.files {
            guard let (name, rest) = S6Reader.place(file, source) else { continue }
            services[name, default: [:]][rest] = file
        }
        let reader = S6Reader(source: source, services: services)
        reader.read(into: &found)
    }

    /// The service that a file belongs to, and what it is called there.
    private static func place(_ file: ImportSource.File, _ source: ImportSource) -> (String, String)? {
        let base = source.path.hasSuffix("/") ? source.path : source.path + "/"
        var parts = file.path.hasPrefix(base) ? file.path.dropFirst(base.count).split(separator: "/").map(String.init) : []
        if let index = parts.lastIndex(of: "s6-rc.d") { parts.removeFirst(index + 1) }
        if parts.contains("services.d") || parts.contains("cont-init.d") || parts.contains("cont-finish.d") { return nil }
        guard parts.count >= 2 else { return nil }
        return (parts[0], parts.dropFirst().joined(separator: "/"))
    }

    private func read(into found: inout ImportedConfiguration) {
        let started = startedAtBoot
        for (name, files) in services.sorted(by: { $0.key < $1.key }) {
            guard let type = files["type"]?.text.trimmingBlanks else {
                if let file = files.values.min(by: { $0.path < $1.path }), files["run"] != nil || files["up"] != nil {
                    found.fails(file, 0, "\(name) has no file \"type\"")
                }
                continue
            }
            switch type {
            case "longrun": addLong(name, files, started, into: &found)
            case "oneshot": addOnce(name, files, started, into: &found)
            case "bundle": break
            default: if let file = files["type"] { found.fails(file, 1, "the type \"\(type)\" of \(name) is not known") }
            }
        }
        readOlder(into: &found)
        if services.isEmpty, !source.files.contains(where: { $0.path.contains("services.d/") || $0.path.contains("cont-init.d/") }) {
            found.fails(
                ImportSource.File(path: source.path, text: ""), 0, "there is neither s6-rc.d nor services.d", hint: "name the folder /etc/s6-overlay, or /etc")
        }
    }

    /// What the bundle `user` holds, with the bundles in it; nil where there is no such bundle, and all are started.
    private var startedAtBoot: Set<String>? {
        let bundles = ["user", "user2"].filter {
            services[$0]?["type"]?.text.trimmingBlanks == "bundle" || services[$0]?.keys.contains { $0.hasPrefix("contents.d/") } == true
        }
        guard !bundles.isEmpty else { return nil }
        var (found, rest): (Set<String>, [String]) = ([], bundles)
        while let name = rest.popLast() {
            guard found.insert(name).inserted else { continue }
            rest += contents(of: name, "contents")
            // What a service depends on is started with it.
            rest += contents(of: name, "dependencies")
        }
        return found
    }

    /// The names in a folder such as `dependencies.d`, or in the lines of a file such as `dependencies`.
    private func contents(of name: String, _ kind: String) -> [String] {
        let files = services[name] ?? [:]
        let inFolder = files.keys.filter { $0.hasPrefix("\(kind).d/") }.map { String($0.dropFirst(kind.count + 3)) }
        return (inFolder + (files[kind]?.lines.map(\.trimmingBlanks) ?? [])).filter { !$0.isEmpty && !$0.hasPrefix("#") }.sorted()
    }

    private func addCommon(
        _ name: String, _ files: [String: ImportSource.File], _ started: Set<String>?, _ job: inout ImportedJob, into found: inout ImportedConfiguration
    ) {
        job.needs = contents(of: name, "dependencies").filter { services[$0]?["type"].map { $0.text.trimmingBlanks != "bundle" } ?? false }.map(
            ImportedJob.name)
        if let started, !started.contains(name), let file = files["type"] {
            job.on = .list([])
            found.differs(file, 1, "\(name) is in no bundle that is started at boot: it runs when it is started manually")
        }
        for (key, file) in files.sorted(by: { $0.key < $1.key }) {
            switch key {
            case "type", "run", "up", "down", "dependencies", "timeout-kill", "down-signal", "notification-fd", "finish", "timeout-up", "timeout-finish",
                "timeout-down":
                break
            case "producer-for", "consumer-for", "pipeline-name":
                found.fails(
                    file, 1, "\(name) is part of a pipeline (\(key)): its output goes to the log here", hint: "join both programs in one shell line with |")
            case _ where key.hasPrefix("dependencies.d/") || key.hasPrefix("contents.d/"): break
            default: found.differs(file, 1, "\"\(key)\" of \(name) is not carried over")
            }
        }
    }

    private func addLong(_ name: String, _ files: [String: ImportSource.File], _ started: Set<String>?, into found: inout ImportedConfiguration) {
        guard let run = files["run"] else {
            if let file = files["type"] { found.fails(file, 1, "\(name) has no file \"run\"") }
            return
        }
        var job = ImportedJob(name, .service)
        job.run(words: program(run, into: &found))
        addCommon(name, files, started, &job, into: &found)
        var stop: [YAMLValue.Entry] = []
        if let signal = files["down-signal"]?.text.trimmingBlanks, signal != "SIGTERM" {
            stop.append(.init("signal", .word(signal.hasPrefix("SIG") ? signal : "SIG\(signal)")))
        }
        if let wait = files["timeout-kill"].flatMap({ Int($0.text.trimmingBlanks) }), wait > 0 {
            stop.append(.init("grace", .word(DurationText.format(.milliseconds(Int64(wait))))))
        }
        if !stop.isEmpty { job.with.append(.init("stop", .map(stop))) }
        if let file = files["notification-fd"] {
            found.differs(
                file, 1,
                "\(name) says that it is ready by a line to descriptor \(file.text.trimmingBlanks), which nobody reads here: it counts as ready once it is started",
                hint: "use ready: with http, tcp, log, file or notify")
        }
        if let file = files["finish"] {
            found.differs(file, 1, "the script finish of \(name) does not run when the service ends", hint: "exit_rules say what follows an exit code")
        }
        found.add(job)
    }

    private func addOnce(_ name: String, _ files: [String: ImportSource.File], _ started: Set<String>?, into found: inout ImportedConfiguration) {
        guard let up = files["up"] else {
            if let file = files["type"] { found.fails(file, 1, "\(name) has no file \"up\"") }
            return
        }
        var job = ImportedJob(name, .command)
        job.on = .word("boot")
        job.run(line: command(up, into: &found))
        addCommon(name, files, started, &job, into: &found)
        if let wait = files["timeout-up"].flatMap({ Int($0.text.trimmingBlanks) }), wait > 0 {
            job.keys.append(.init("timeout", .word(DurationText.format(.milliseconds(Int64(wait))))))
        }
        let added = found.add(job)
        guard let down = files["down"] else { return }
        var end = ImportedJob("\(added)-down", .command)
        end.on = .word("stop")
        end.run(line: command(down, into: &found))
        found.add(end)
        found.differs(down, 1, "down of \(name) runs when shipkeeper stops, before the services that it needs are ended")
    }

    /// The program of a script: its interpreter where `with-contenv` starts it, for jobs have the container's environment anyway.
    private func program(_ file: ImportSource.File, into found: inout ImportedConfiguration) -> [String] {
        let path = installed(file.path)
        if let tool = S6Reader.tool(in: file) {
            found.differs(
                file, tool.line, "the script calls \(tool.name), which must be installed",
                hint: "setpriv takes on an account, and ready: says when a service is ready")
        }
        guard let first = file.lines.first, first.hasPrefix("#!") else { return ["/bin/sh", path] }
        let words = first.dropFirst(2).split(whereSeparator: \.isWhitespace).map(String.init)
        if words.first?.hasSuffix("with-contenv") == true { return (words.count > 1 ? Array(words.dropFirst()) : ["/bin/sh"]) + [path] }
        if words.first?.hasSuffix("execlineb") == true {
            found.differs(file, 1, "the script needs execline, which must be installed", hint: "a script for /bin/sh needs nothing else")
        }
        return [path]
    }

    /// The line of `up` or `down`, which is one of execline: mostly the path of a script.
    private func command(_ file: ImportSource.File, into found: inout ImportedConfiguration) -> String {
        let lines = file.lines.map(\.trimmingBlanks).filter { !$0.isEmpty && !$0.hasPrefix("#") }
        if lines.count > 1 || lines.first?.contains("{") == true {
            found.differs(file, 1, "\(file.name) is a script for execlineb, which must be installed", hint: "move it into a script for /bin/sh")
            return "execlineb -P \(ShellWords.quoted(installed(file.path)))"
        }
        return lines.first ?? "true"
    }

    /// A program of s6 that a script calls, other than that of its first line, and the line.
    private static func tool(in file: ImportSource.File) -> (name: String, line: Int)? {
        for (index, line) in file.lines.enumerated().dropFirst() where !line.trimmingBlanks.hasPrefix("#") {
            if let found = line.firstMatch(of: /(?:^|[\s\/"])(s6-[a-z]+(?:-[a-z]+)*)(?:\s|"|$)/) { return (String(found.output.1), index + 1) }
        }
        return nil
    }

    /// The path that a file will have in the container: from `/etc` on, where that is known, else that of the folder whose name is.
    private func installed(_ path: String) -> String {
        for (folder, place) in [
            ("s6-rc.d/", "s6-overlay/s6-rc.d/"), ("services.d/", "services.d/"), ("cont-init.d/", "cont-init.d/"), ("cont-finish.d/", "cont-finish.d/"),
        ] {
            if let start = path.firstRange(of: folder) { return "/etc/\(place)\(path[start.upperBound...])" }
        }
        return path.firstRange(of: "etc/s6-overlay/").map { "/" + path[$0.lowerBound...] } ?? path
    }

    // MARK: services.d and cont-init.d

    private func readOlder(into found: inout ImportedConfiguration) {
        var needs: [String] = []
        for file in source.files where file.path.contains("/cont-init.d/") {
            var job = ImportedJob(file.name.replacing(/^[0-9]+-/, with: ""), .command)
            job.on = .word("boot")
            job.needs = needs.suffix(1)
            job.run(words: program(file, into: &found))
            needs.append(found.add(job))
        }
        for file in source.files where file.path.contains("/services.d/") {
            let parts = file.path.split(separator: "/").map(String.init)
            let name = parts.count > 1 ? parts[parts.count - 2] : file.name
            switch file.name {
            case "run":
                var job = ImportedJob(name, .service)
                job.needs = needs.suffix(1)
                job.run(words: program(file, into: &found))
                found.add(job)
            case "finish":
                found.differs(file, 1, "the script finish of \(name) does not run when the service ends", hint: "exit_rules say what follows an exit code")
            default: found.differs(file, 1, "\"\(file.name)\" of \(name) is not carried over")
            }
        }
        for file in source.files where file.path.contains("/cont-finish.d/") {
            var job = ImportedJob(file.name.replacing(/^[0-9]+-/, with: ""), .command)
            job.on = .word("stop")
            job.run(words: program(file, into: &found))
            found.add(job)
            found.differs(file, 1, "\(file.name) runs before the services are ended, not after them")
        }
    }
}
