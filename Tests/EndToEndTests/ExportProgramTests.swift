import Foundation
import TestSupport
import Testing

/// `shipkeeper export`, as its users run it.
@Suite("export writes files for engines", .waiting)
struct ExportProgramTests {
    private static let file = """
        version: 1
        secrets: [HF_TOKEN]
        repositories: { main: { type: huggingface, dataset: "${DATASET}", token: "${HF_TOKEN}" } }
        jobs:
          restore: { type: restore, on: boot, with: { repository: main, path: /data } }
          app: { type: service, needs: restore, with: { command: [app] } }
          hourly: { type: command, on: { cron: "0 * * * *" }, catch_up: all, with: { command: [a] } }
        """

    private func run(_ words: String, in folder: TemporaryFolder, environment: [String: String] = [:]) throws -> Shell.Result {
        try Shell.run("'\(SourceTree.program)' export \(words)", environment: environment, folder: folder.path)
    }

    private func world(_ text: String = file) throws -> TemporaryFolder {
        let folder = TemporaryFolder()
        try folder.write("shipkeeper.yaml", text)
        try folder.write("app.env", "DATASET=alice/backup\n")
        return folder
    }

    @Test("what is written is on standard output, and differences with their lines on standard error; no value of a secret is in either")
    func differences() throws {
        let folder = try world()
        for kind in ["kubernetes --image app:1", "compose --image app:1", "systemd"] {
            let found = try run("\(kind) --env-file app.env", in: folder, environment: ["HF_TOKEN": "hf_a_value_to_be_kept"])
            #expect(found.status == 0 && !(found.output + found.errors).contains("hf_a_value_to_be_kept") && found.output.contains("alice/backup"), "\(found)")
            #expect(found.errors.contains("shipkeeper.yaml:7:") == (kind != "compose --image app:1"), "\(found.errors)")
        }
        let kubernetes = try run("kubernetes --image app:1 --env-file app.env", in: folder)
        #expect(kubernetes.errors.contains("shipkeeper.yaml:7:65: warning: catch_up: all has no counterpart: one run of hourly"), "\(kubernetes.errors)")
        let json = try run(
            "kubernetes --image app:1 --env-file app.env --json > answer.json; jq -r '.ok, (.data.files | keys | length), .problems[0].severity' answer.json",
            in: folder)
        #expect(json.output.hasPrefix("true\n") && json.output.hasSuffix("warning\n"), "\(json)")
    }

    @Test("all that is wrong with the options is said at once, and all mistakes of the file")
    func mistakes() throws {
        let folder = try world()
        let options = try run("kubernetes --name Bad_Name --namespace 'x y' --storage much", in: folder)
        #expect(options.status == 2, "\(options)")
        for words in ["--image is missing", "--name is \"Bad_Name\"", "--namespace is \"x y\"", "--storage is \"much\""] {
            #expect(options.errors.contains(words), "\(options.errors)")
        }
        #expect(try run("systemd --image x --env-file app.env", in: folder).errors.contains("systemd starts programs of the machine"))
        #expect(try run("nomad", in: folder).status == 2)
        let unset = try run("systemd", in: folder)
        #expect(
            unset.status == 78 && unset.errors.contains("shipkeeper.yaml:3:") && unset.errors.contains("DATASET is not set") && unset.output.isEmpty, "\(unset)"
        )
        try folder.write("shipkeeper.yaml", "version: 2\njobs: { a: { typ: x }, b: { type: nothing } }\n")
        let file = try run("systemd", in: folder)
        #expect(file.status == 78 && file.errors.contains("; nothing was written") && file.errors.split(separator: "\n").count >= 4, "\(file)")
    }

    @Test("a secret that is in the file itself is named with its line, and nothing is written")
    func literalSecret() throws {
        let folder = try world(ExportProgramTests.file.replacing("${HF_TOKEN}", with: "hf_in_plain_sight"))
        let found = try run("kubernetes --image app:1 --env-file app.env --to out", in: folder)
        #expect(found.status == 78 && found.errors.contains("shipkeeper.yaml:3:1: error: this line holds the value of a secret"), "\(found)")
        #expect(!(found.output + found.errors).contains("hf_in_plain_sight") && folder.read("out/configmap-app-configuration.yaml") == nil)
    }

    @Test("a folder gets a file for each object; what an earlier export has left is named, and files of others stay")
    func folder() throws {
        let folder = try world()
        let first = try run("kubernetes --image app:1 --env-file app.env --to out", in: folder)
        #expect(first.status == 0 && first.output.isEmpty && folder.read("out/statefulset-app.yaml")?.contains("image: app:1") == true, "\(first)")
        try folder.write("shipkeeper.yaml", ExportProgramTests.file.replacing("hourly", with: "daily"))
        let second = try run("kubernetes --image app:2 --env-file app.env --to out", in: folder)
        #expect(second.status == 0 && second.errors.contains("out/cronjob-app-hourly.yaml is of an earlier export"), "\(second)")
        #expect(folder.read("out/statefulset-app.yaml")?.contains("image: app:2") == true)
        try folder.write("out/statefulset-app.yaml", "mine\n")
        let third = try run("kubernetes --image app:3 --env-file app.env --to out", in: folder)
        #expect(third.status == 1 && third.errors.contains("statefulset-app.yaml in out is not of an earlier export; nothing was written"), "\(third)")
        #expect(folder.read("out/statefulset-app.yaml") == "mine\n" && folder.read("out/cronjob-app-daily.yaml")?.contains("image: app:2") == true)
        #expect(
            try run("compose --image app:1 --env-file app.env --to one", in: folder).status == 0
                && folder.read("one/shipkeeper.yaml") == folder.read("shipkeeper.yaml"))
    }

    @Test("the examples with plug-ins are exported by the program itself, also where a plug-in wants an address and a secret is it")
    func plugins() throws {
        let folder = TemporaryFolder()
        try folder.write("app.env", "HF_DATASET=alice/backup\nHOME=/root\nPUBLIC_URL=https://app.example.com\n")
        for example in ["openclaw-space", "openclaw-compose"] {
            try folder.run("cp '\(SourceTree.examples)/\(example)/shipkeeper.yaml' .")
            for kind in ["kubernetes --image app:1", "compose --image app:1", "systemd"] {
                let found = try run(
                    "\(kind) --env-file app.env", in: folder,
                    environment: ["SHIPKEEPER_PLUGINS": SourceTree.plugins, "NOTIFY_URL": "https://chat.example.com/of-alice"])
                #expect(found.status == 0 && !found.output.contains("of-alice") && !found.output.contains("secret.invalid"), "\(example) \(kind): \(found)")
            }
        }
    }

    @Test("a job that something else runs is switched off here, and exec runs it", .limited)
    func elsewhere() throws {
        let folder = TemporaryFolder()
        let text =
            "version: 1\nstate: \(folder["state"])\njobs:\n  here: { type: command, on: boot, with: { shell: 'echo x' } }\n  there: { type: command, on: boot, with: { shell: 'echo x' } }\n"
        let program = try RunningProgram(text, in: folder, environment: ["SHIPKEEPER_DISABLED_JOBS": "there, thre"])
        #expect(try program.hasDone("here"))
        #expect(try program.ask("why there").output.contains("SHIPKEEPER_DISABLED_JOBS names it"))
        #expect(program.log.contains("SHIPKEEPER_DISABLED_JOBS names \"thre\", which is not a job; did you mean \"there\"?"), "\(program.log)")
        #expect(program.stop() == 0 && !program.log.contains("there: succeeded"))
        #expect(try Shell.run("'\(SourceTree.program)' exec there --config '\(folder["shipkeeper.yaml"])'").status == 0)
    }
}
