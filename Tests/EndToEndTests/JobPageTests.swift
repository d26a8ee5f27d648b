import Foundation
import TestSupport
import Testing

/// The pages of the job types and of the commands: their tables are those of the program, and the first example of a page runs as it is written.
@Suite("pages of job types and commands", .waiting)
struct JobPageTests {
    @Test("what is generated is current")
    func current() throws {
        let result = try Shell.run("Tools/docs '\(SourceTree.program)' --check", folder: SourceTree.root)
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test("every job type has a page in both languages")
    func complete() throws {
        let empty = TemporaryFolder()
        // Without the shipped plug-ins, whose settings "plugins show" has.
        let listed = try Shell.run(
            "'\(SourceTree.program)' schema --markdown nonsense", environment: ["SHIPKEEPER_PLUGINS": empty.path], folder: empty.path)
        #expect(listed.status == 2)
        let types = try #require(listed.errors.firstMatch(of: /known are ([a-z0-9, -]+)/)).output.1.split(separator: ", ")
        #expect(types.count >= 8, "\(listed)")
        for type in types {
            let (page, translation) = ("\(SourceTree.root)/docs/jobs/\(type).md", "\(SourceTree.root)/docs/jobs/\(type).zh-CN.md")
            for path in [page, translation] { #expect(FileManager.default.fileExists(atPath: path), "\(path)") }
            #expect(try tableKeys(page) == tableKeys(translation), "\(type)")
            #expect(try examples(page).count >= 3, "\(type)")
            #expect(try examples(page) == examples(translation), "\(type)")
        }
    }

    private func tableKeys(_ path: String) throws -> [String] {
        try String(contentsOfFile: path, encoding: .utf8).matches(of: /(?m)^\| (`[^`]+`) \|.*\|.*\|.*\|.*\|$/).map { String($0.output.1) }
    }

    /// The examples of a page, without the comments in them.
    private func examples(_ path: String) throws -> [String] {
        try String(contentsOfFile: path, encoding: .utf8).matches(of: /(?ms)^```yaml\n(.*?)^```/).map { String($0.output.1).replacing(/\ +#.*/, with: "") }
    }

    /// The first example of a page, with its folders in one that is the test's own.
    private func first(_ type: String, in folder: TemporaryFolder) throws -> String {
        let example = try #require(try examples("\(SourceTree.root)/docs/jobs/\(type).md").first)
        return example.replacing("/data", with: folder["data"]).replacing("/backups", with: folder["backups"]).replacing("8080", with: "\(Port.reserve())")
            + "\nstate: \(folder["state"])\n"
    }

    /// Starts the first example of a page at a port of its own.
    private func start(_ type: String, in folder: TemporaryFolder, port: Int = Port.reserve()) throws -> RunningProgram {
        try folder.run("mkdir -p data/app backups")
        return try RunningProgram(
            try first(type, in: folder), in: folder, environment: ["PORT": "\(port)", "RESTIC_PASSWORD": "p"], without: ["PUBLIC_URL", "SHIPKEEPER_PUBLIC_URL"])
    }

    @Test("command: it does its work and succeeds", .limited)
    func command() throws {
        let folder = TemporaryFolder()
        let program = try start("command", in: folder)
        #expect(try program.answers())
        let result = try program.ask("start disk-report --wait")
        #expect(result.status == 0, "\(result)")
        #expect(folder.read("data/disk-report.txt")?.contains("%") == true)
        #expect(program.stop() == 0)
    }

    @Test("service: it becomes ready, and comes back when it is killed", .limited)
    func service() throws {
        let (folder, port) = (TemporaryFolder(), Port.reserve())
        try folder.write("data/hello.txt", "hello")
        let program = try start("service", in: folder, port: port)
        #expect(try program.until("curl -fs http://127.0.0.1:\(port)/hello.txt | grep hello"))
        #expect(try program.ask("start web --wait").output.contains("web is ready"))
        _ = try Shell.run("kill -9 $(pgrep -f '[h]ttp.server \(port)')")
        // The column of restarts.
        #expect(try program.until("'\(SourceTree.program)' status --state '\(folder["state"])' | grep -E '^web +[a-z]+ +1 '"))
        #expect(try program.until("curl -fs http://127.0.0.1:\(port)/hello.txt | grep hello"))
        #expect(program.stop() == 0)
    }

    @Test("keepalive: it reaches the app at its address", .limited)
    func keepalive() throws {
        let folder = TemporaryFolder()
        let program = try start("keepalive", in: folder)
        #expect(try program.hasDone("awake"))
        let runs = try program.ask("runs awake")
        #expect(runs.output.contains("answered 200"), "\(runs)")
        #expect(program.stop() == 0)
    }

    @Test("restore: what the app wrote is back in a new container", .limited)
    func restore() throws {
        let (folder, port) = (TemporaryFolder(), Port.reserve())
        let program = try start("restore", in: folder, port: port)
        #expect(try program.until("curl -fs http://127.0.0.1:\(port)/"))
        try folder.write("data/app/note.txt", "precious")
        #expect(program.stop() == 0)

        try folder.renew("data", "state")
        let again = try start("restore", in: folder, port: port)
        #expect(try again.until("curl -fs http://127.0.0.1:\(port)/note.txt | grep precious"))
        #expect(folder.read("data/app/note.txt") == "precious")
        #expect(again.stop() == 0)
    }

    @Test("backup: it stores the folder, without what is left out", .limited)
    func backup() throws {
        let folder = TemporaryFolder()
        try folder.write("data/app/note.txt", "precious")
        try folder.write("data/app/cache/big", "rubbish")
        try folder.write("data/app/app.log", "lines")
        let program = try start("backup", in: folder)
        #expect(try program.answers())
        let result = try program.ask("start backup --wait")
        #expect(result.status == 0 && result.output.contains("stored 1 file"), "\(result)")
        let members = try folder.run("tar tzf backups/latest_backup.tar.gz").output
        #expect(members.contains("app/note.txt") && !members.contains("big") && !members.contains("app.log"), "\(members)")
        #expect(program.stop() == 0)
    }

    @Test("verify: it looks at what was stored, and restores it as a drill", .limited)
    func verify() throws {
        let folder = TemporaryFolder()
        try folder.write("data/app/note.txt", "precious")
        let program = try start("verify", in: folder)
        #expect(try program.hasDone("restore"))
        #expect(try program.ask("start backup --wait").status == 0, "\(program.log)")
        let result = try program.ask("start verify --wait")
        #expect(result.status == 0 && result.output.contains("1 backup, all whole") && result.output.contains("restored 1 file"), "\(result)")
        #expect(program.stop() == 0)
    }

    @Test("json-merge: it sets its keys and leaves the others", .limited)
    func jsonMerge() throws {
        let folder = TemporaryFolder()
        try folder.write("data/app/config.json", "{\n  // mine\n  \"theme\": \"light\",\n  \"other\": [1]\n}\n")
        let program = try start("json-merge", in: folder)
        #expect(try program.hasDone("settings"))
        let file = folder.read("data/app/config.json") ?? ""
        for part in ["// mine", "\"theme\": \"light\"", "\"other\": [1]", "18789", "\"lan\"", "\"127.0.0.1\""] {
            #expect(file.contains(part), "\(part)\n\(file)")
        }
        #expect(program.stop() == 0)
    }
}
