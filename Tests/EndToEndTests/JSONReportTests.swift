import Foundation
import TestSupport
import Testing

/// What `--json` prints, by every command that has it: one object, or for what is followed an object a line.
@Suite("the report of --json", .waiting)
struct JSONReportTests {
    private struct Report {
        var ok: Bool
        var data: Any
        var problems: [[String: Any]]

        var codes: [String] { problems.compactMap { $0["code"] as? String } }
        func value(_ path: String...) -> Any? { path.reduce(data) { value, key in (value as? [String: Any])?[key] } }
    }

    /// The commands with `--json`, as the program describes itself.
    private func commands() throws -> Set<String> {
        struct Command: Decodable {
            struct Argument: Decodable {
                struct Name: Decodable { var name: String }
                var names: [Name]?
            }
            var commandName: String
            var arguments: [Argument]?
            var subcommands: [Command]?
        }
        struct Tool: Decodable { var command: Command }
        func withJSON(_ command: Command, _ path: String) -> [String] {
            let own = (command.arguments ?? []).contains { ($0.names ?? []).contains { $0.name == "json" } } ? [path] : []
            return own + (command.subcommands ?? []).flatMap { withJSON($0, (path + " " + $0.commandName).trimmingCharacters(in: .whitespaces)) }
        }
        let text = try Shell.run("'\(SourceTree.program)' --experimental-dump-help").output
        return Set(withJSON(try JSONDecoder().decode(Tool.self, from: Data(text.utf8)).command, ""))
    }

    /// Reads a report, and checks what holds for all of them.
    private func read(_ text: Substring, status: Int32, _ words: String) throws -> Report {
        let object = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(words): \(text)")
        #expect(Set(object.keys) == ["ok", "data", "problems"], "\(words): \(text)")
        let report = Report(
            ok: try #require(object["ok"] as? Bool), data: object["data"] ?? NSNull(), problems: try #require(object["problems"] as? [[String: Any]]))
        #expect(report.ok == (status == 0), "\(words): \(text)")
        for problem in report.problems {
            #expect(Set(problem.keys).isSubset(of: ["severity", "code", "message", "hint", "file", "line", "column"]), "\(words): \(problem)")
            #expect(["error", "warning"].contains(problem["severity"] as? String) && (problem["message"] as? String)?.isEmpty == false, "\(words): \(problem)")
            #expect((problem["line"] == nil) == (problem["column"] == nil) && (problem["line"] == nil || problem["line"] is Int), "\(words): \(problem)")
        }
        let hasError = report.problems.contains { $0["severity"] as? String == "error" }
        #expect(report.ok != hasError, "a failure has an error that says why, and a success has none: \(words): \(text)")
        if report.ok { #expect(report.data is [String: Any], "\(words): \(text)") }
        return report
    }

    private func ask(_ words: String, in folder: TemporaryFolder, status: Int32 = 0) throws -> Report {
        let result = try Shell.run("'\(SourceTree.program)' \(words) --json", folder: folder.path)
        #expect(result.status == status && result.errors.isEmpty, "\(words): \(result)")
        return try read(result.output[...], status: result.status, words)
    }

    private func configuration(_ folder: TemporaryFolder) -> String {
        """
        version: 1
        state: \(folder["state"])
        repositories: { main: { type: folder, path: \(folder["repo"]) } }
        jobs:
          app: { type: service, with: { command: [sleep, "600"] } }
          restore: { type: restore, with: { repository: main, path: \(folder["app"]) } }
          backup: { type: backup, on: { every: 1h }, with: { repository: main, path: \(folder["app"]) } }
          失败: { type: command, with: { shell: "echo to be seen; exit 3" } }

        """
    }

    @Test("is one object for every command, whether it succeeds or not", .limited)
    func everyCommand() throws {
        let folder = TemporaryFolder()
        try folder.run("mkdir -p repo app Plugins && echo hello > app/index.html && cp -r '\(SourceTree.root)/Plugins/webhook' '\(folder["a-plugin"])'")
        try folder.run("'\(SourceTree.program)' plugins new hello --in made")
        try folder.write("Procfile", "web: sleep 600\n")
        let program = try RunningProgram(configuration(folder), in: folder)
        #expect(try program.answers(), "\(program.log)")
        let (state, file) = ("--state '\(folder["state"])'", "--config '\(folder["shipkeeper.yaml"])'")
        // In order: later lines stand on what earlier ones did.
        let round = [
            ("start", "start backup --wait \(state)"), ("status", "status \(state)"), ("logs", "logs backup \(state)"), ("runs", "runs \(state)"),
            ("next", "next \(state)"), ("why", "why backup \(state)"), ("pause", "pause backup \(state)"), ("resume", "resume backup \(state)"),
            ("action", "action \(state)"), ("restart", "restart app --wait \(state)"), ("stop", "stop app \(state)"), ("reload", "reload \(state)"),
            ("backups list", "backups \(file)"), ("backups verify", "backups verify \(file)"),
            ("backups export", "backups export --to '\(folder["out.tar.gz"])' \(file)"), ("restore", "restore --to '\(folder["out"])' \(file)"),
            ("restore", "restore --at latest --yes \(state) \(file)"), ("init", "init --platform compose --to '\(folder["new"])'"), ("check", "check \(file)"),
            ("doctor", "doctor \(file)"), ("plugins list", "plugins \(file)"), ("plugins check", "plugins check '\(folder["a-plugin"])'"),
            ("plugins show", "plugins show webhook \(file)"),
            ("plugins run", "plugins run '\(folder["made/hello"])' --with 'greeting: hi'"),
            ("simulate", "simulate --days 1 \(file)"), ("export", "export systemd \(file)"), ("import", "import procfile '\(folder["Procfile"])'"),
            ("version", "version"), ("upgrade", "upgrade '\(SourceTree.program)' \(state)"),
        ]
        // An item a line.
        let streams = [
            ("backups ls", "backups ls \(file)"), ("backups find", "backups find index.html \(file)"), ("backups diff", "backups diff latest --live \(file)"),
        ]
        for (_, words) in round { _ = try ask(words, in: folder) }
        for (_, words) in streams {
            let result = try Shell.run("'\(SourceTree.program)' \(words) --json", folder: folder.path)
            #expect(result.status == 0 && result.errors.isEmpty, "\(words): \(result)")
            #expect(try read(#require(result.output.split(separator: "\n").last), status: 0, words).ok)
        }
        // What it logs goes to standard error.
        let exec = try Shell.run("'\(SourceTree.program)' exec 失败 --state '\(folder["other-state"])' \(file) --json")
        #expect(try exec.status == 1 && !read(exec.output[...], status: exec.status, "exec").ok && exec.errors.contains("to be seen"), "\(exec)")
        #expect(try Set((round + streams).map(\.0) + ["exec"]) == commands(), "each command with --json is asked here")

        let runs = try ask("runs backup \(state)", in: folder).value("runs") as? [[String: Any]]
        let outputs = try #require(runs?.compactMap { $0["outputs"] as? [String: Any] }.first { $0["outcome"] as? String == "stored" }, "\(runs ?? [])")
        #expect(outputs["files"] as? Int == 1 && outputs["archive_bytes"] is Int && outputs["sha256"] is String, "\(outputs)")
        #expect(try (ask("start 失败 --wait \(state)", in: folder, status: 1).value("outcome") as? String) == "failed")
        #expect(try ask("start 失败 --wait \(state)", in: folder, status: 1).codes == ["run_failed"])
        #expect(try ask("status --check \(state)", in: folder, status: 1).value("jobs") is [Any])
        #expect(try ask("start nobody \(state)", in: folder, status: 5).codes == ["no_such_job"])
        #expect(try ask("why nobody \(state)", in: folder, status: 5).codes == ["no_such_job"])
        #expect(try ask("start 失败 --dry-run \(state)", in: folder, status: 1).codes == ["refused"])
        #expect(try ask("backups export --to '\(folder["out.tar.gz"])' \(file)", in: folder, status: 1).codes == ["refused"])
        try folder.write("shipkeeper.yaml", "version: 1\njobs:\n  a: { type: comand }\n  a b: 1\n")
        for words in ["check \(file)", "reload \(state)", "backups \(file)"] {
            let report = try ask(words, in: folder, status: 78)
            #expect(
                report.problems.count >= 2 && Set(report.codes) == ["bad_configuration"]
                    && report.problems.allSatisfy { $0["line"] is Int && $0["column"] is Int }, "\(words): \(report)")
        }
        _ = try ask("doctor \(file)", in: folder, status: 78)
        #expect(program.stop() == 0)
    }

    @Test("of what is followed is an object a line", .limited)
    func followed() throws {
        let folder = TemporaryFolder()
        try folder.run("mkdir -p repo app")
        let program = try RunningProgram(configuration(folder), in: folder)
        #expect(try program.answers(), "\(program.log)")
        let result = try program.ask("start 失败 --follow --json")
        let lines = result.output.split(separator: "\n")
        #expect(result.status == 1 && result.errors.isEmpty && lines.count >= 2, "\(result)")
        #expect(lines.dropLast().contains { $0.contains("to be seen") }, "\(result)")
        for line in lines.dropLast() { #expect(try JSONSerialization.jsonObject(with: Data(line.utf8)) is [String: Any], "\(line)") }
        #expect(try read(try #require(lines.last), status: result.status, "start --follow").codes == ["run_failed"])
        #expect(program.stop() == 0)
    }

    @Test(
        "says why nothing was done",
        arguments: [
            ("status", 4, "not_running"), ("logs app", 4, "not_running"), ("start app --wait", 4, "not_running"), ("status --jsn", 2, "usage"),
            ("chek", 2, "usage"), ("start", 2, "usage"), ("restore --path x", 2, "usage"), ("init --platform nowhere", 2, "usage"),
            ("pause", 2, "usage"), ("backups verify --all", 78, nil), ("check", 78, nil), ("plugins check .", 1, nil),
        ] as [(String, Int32, String?)])
    func refused(words: String, status: Int32, code: String?) throws {
        let folder = TemporaryFolder()
        let isServer = ["status", "logs app", "start app --wait"].contains(words)
        let report = try ask(words + (isServer ? " --state '\(folder["state"])'" : ""), in: folder, status: status)
        if let code { #expect(report.codes == [code], "\(report)") }
        #expect(report.problems.allSatisfy { ($0["message"] as? String)?.contains("Usage:") == false }, "\(report)")
    }
}
