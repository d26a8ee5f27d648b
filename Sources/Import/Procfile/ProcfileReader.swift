/// Reads Procfiles: one process type a line, `web: command`.
enum ProcfileReader {
    static func read(_ source: ImportSource, into found: inout ImportedConfiguration) {
        for file in source.files { read(file, into: &found) }
    }

    private static func read(_ file: ImportSource.File, into found: inout ImportedConfiguration) {
        var (release, services): (String?, [String]) = (nil, [])
        for (index, raw) in file.lines.enumerated() {
            let text = raw.trimmingBlanks
            guard !text.isEmpty, !text.hasPrefix("#") else { continue }
            guard let parts = text.wholeMatch(of: /([A-Za-z0-9_-]+)\s*:\s*(.+)/)?.output else {
                found.fails(file, index + 1, "\"\(text)\" is not \"name: command\"")
                continue
            }
            let (name, command) = (String(parts.1), String(parts.2))
            if name == "release" {
                var job = ImportedJob(name, .command)
                job.on = .word("boot")
                job.run(line: command)
                release = found.add(job)
                found.differs(file, index + 1, "release runs at each start, not once for a release; all services wait until it has succeeded")
            } else {
                services.append(found.add(service(name, command)))
                if command.contains("$PORT") || command.contains("${PORT") {
                    found.differs(
                        file, index + 1, "PORT is the container's own: no port is chosen for each process type",
                        hint: "with front: { upstream: \(name) } nginx has the public port, and the app needs another one")
                }
            }
            found.differsOnce(
                file, index + 1, "each process type runs once, and is restarted when it exits; the others are not ended with it as by foreman")
            found.differsOnce(file, index + 1, "a file .env is not read", hint: "run --env-file .env reads one")
        }
        if let release { for name in services { found.change(name) { $0.needs = [release] } } }
    }

    private static func service(_ name: String, _ command: String) -> ImportedJob {
        var job = ImportedJob(name, .service)
        // So that the program gets the signals itself; a list of commands can't be replaced by one.
        let isSimple = !command.contains(#/[;&|]|^\s*[A-Za-z_]+=|^(cd|exec|export|source|\.)\s/#)
        job.run(line: isSimple ? "exec \(command)" : command)
        return job
    }
}
