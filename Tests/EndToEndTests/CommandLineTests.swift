import Foundation
import TestSupport
import Testing

@Suite("command line", .waiting)
struct CommandLineTests {
    private func run(_ words: String, in folder: TemporaryFolder = TemporaryFolder()) throws -> Shell.Result {
        try Shell.run("'\(SourceTree.program)' \(words)", folder: folder.path)
    }

    @Test(
        "a command that is not there is answered with the one that is meant",
        arguments: [("chek", "shipkeeper check"), ("ps", "shipkeeper status"), ("validate x.yaml", "shipkeeper check"), ("snapshots", "shipkeeper backups")])
    func advice(words: String, meant: String) throws {
        let result = try run(words)
        #expect(result.status == 2 && result.errors.contains("there is no command") && result.errors.contains("did you mean \"\(meant)\"?"), "\(result)")
    }

    @Test("every shell gets a completion script, which knows the jobs of the file")
    func completion() throws {
        for shell in ["bash", "zsh", "fish"] {
            let result = try run("completion \(shell)")
            #expect(result.status == 0 && result.output.contains("shipkeeper"), "\(shell)")
        }
        #expect(try run("completion bash > script && bash -n script", in: TemporaryFolder()).status == 0)
        let folder = TemporaryFolder()
        try folder.write("shipkeeper.yaml", "version: 1\njobs:\n  nightly: { type: command, with: { shell: x } }\n  备份: { type: nonsense }\n")
        let names = try run("---completion stop -- positional@0 0 0 ''", in: folder)
        #expect(names.output.split(separator: "\n") == ["nightly", "备份"], "\(names)")
    }

    @Test("variables come from a file of Docker's form; the resolved file and annotations can be printed")
    func check() throws {
        let folder = TemporaryFolder()
        try folder.write("shipkeeper.yaml", "version: 1\njobs:\n  a: { type: command, env: { X: \"${NAME}\" }, with: { shell: x } }\n")
        try folder.write("app.env", "# a comment\nNAME=one two\nEMPTY=\n")
        #expect(try run("check", in: folder).errors.contains("NAME is not set") && run("check", in: folder).status == 78)
        #expect(try run("check --offline", in: folder).status == 0)
        #expect(try run("check --env-file app.env", in: folder).status == 0)
        #expect(try run("config --env-file app.env", in: folder).output.contains("X: one two"))
        #expect(try run("check --format github", in: folder).errors.hasPrefix("::error file=shipkeeper.yaml,line=3,col="))
        try folder.write("bad.env", "export NAME=x\n")
        let bad = try run("check --env-file bad.env", in: folder)
        #expect(bad.status == 2 && bad.errors.contains("bad.env:1:1: error: this is not NAME=value"), "\(bad)")
    }

    @Test("on a terminal an error is shown with its line and a caret, in the width of its characters")
    func caret() throws {
        let folder = TemporaryFolder()
        try folder.write("shipkeeper.yaml", "version: 1\njobs:\n  夜间任务: { typ: command, with: { shell: x } }\n")
        let line = "TERM=xterm COLUMNS=80 script -qec \"'\(SourceTree.program)' check\" /dev/null"
        let shown = try Shell.run("unset NO_COLOR FORCE_COLOR CLICOLOR_FORCE; \(line)", folder: folder.path).output.replacing("\r\n", with: "\n")
        #expect(shown.contains("error:") && shown.contains("\u{1b}[31m"), "\(shown)")
        let plain = try Shell.run("NO_COLOR=1 \(line)", folder: folder.path).output.replacing("\r\n", with: "\n")
        #expect(plain.contains("  3 |   夜间任务: { typ: command, with: { shell: x } }\n    |               ^\n"), "\(plain)")
        #expect(plain.hasSuffix("1 error\n"), "\(plain)")
    }

    /// Jobs that restore a folder and store it, for `repositories: main` in a folder or in a dataset.
    private static func pair(_ backup: String, restore: String = "{ type: restore, on: boot, with: { repository: main, path: /x/data } }") -> String {
        """
        version: 1
        secrets: [TOKEN]
        repositories: { main: { type: huggingface, dataset: a/b, token: "${TOKEN}" } }
        jobs:
          restore: \(restore)
          backup: \(backup)

        """
    }

    private static let good = "{ type: backup, on: { every: 5m }, needs: restore, with: { repository: main, path: /x/data } }"

    @Test(
        "what is valid and yet not likely to be meant is a warning, with its place and what to do",
        arguments: [
            (
                pair(good.replacing("5m", with: "20s")),
                "6:40: warning: backup: up to 180 backups an hour, and the Hub takes about 128 commits; write a longer interval"
            ),
            (
                pair(good.replacing("/x/data", with: "/x/other")),
                "warning: \"backup\" stores /x/other, and \"restore\" restores /x/data from the same repository; write"
            ),
            (pair(good.replacing("on: { every: 5m }, ", with: "")), "6:3: warning: \"backup\" has no trigger: it runs only when it is started manually; write"),
            (
                pair(good, restore: "{ type: command, with: { shell: x } }"),
                "6:82: warning: \"backup\" stores in \"main\", and no job restores from it: after the loss of the disk the data do not come back; add a job"
            ),
            (
                "version: 1\nstop_budget: 8s\njobs:\n  app: { type: service, with: { command: [x], stop: { grace: 1h } } }\n",
                "4:62: warning: \"app\" gets 1h to stop, and the program ends 8s after SIGTERM; write a shorter grace, or a longer stop_budget"
            ),
            (
                "version: 1\njobs:\n  app: { type: service, with: { command: [x], stop: { grace: 1h } } }\n",
                "3:62: warning: \"app\" gets 1h to stop, and the program"
            ),
            (
                "version: 1\njobs:\n  app: { type: service, with: { command: [x], ready: { http: \"http://127.0.0.1:3000/\" } } }\n",
                "3:54: warning: visitors come to port 8080 (PORT), and \"app\" is checked on port 3000; let it listen on ${SHIPKEEPER_PORT}"
            ),
            (
                "version: 1\njobs:\n  awake: { type: keepalive, on: { every: 5m }, with: { url: \"http://127.0.0.1:8080/\" } }\n",
                "3:61: warning: \"awake\" requests this machine itself, which keeps nothing awake: platforms count visits"
            ),
        ])
    func warnings(text: String, warning: String) throws {
        let folder = TemporaryFolder()
        try folder.write("shipkeeper.yaml", text)
        let environment = ["TOKEN": "t", "PORT": "8080", "PUBLIC_URL": "https://app.example.com"]
        let result = try Shell.run("'\(SourceTree.program)' check", environment: environment, folder: folder.path)
        let lines = result.errors.split(separator: "\n")
        #expect(result.status == 0 && lines.count == 1 && result.errors.contains(warning), "\(result)")
    }

    @Test(
        "what is meant is no warning",
        arguments: [
            pair(good), pair(good, restore: "{ type: restore, enabled: false, with: { repository: main, path: /x/data } }"),
            pair(good.replacing("type: backup", with: "type: backup, enabled: false").replacing("/x/data", with: "/y")),
            pair(good.replacing("path: /x/data", with: "base: /x, paths: [data]")),
            "version: 1\njobs:\n  app: { type: service, with: { command: [x], stop: { grace: 30s } } }\n",
            "version: 1\nstop_budget: 30s\njobs:\n  app: { type: service, with: { command: [x], stop: { grace: 30s } } }\n",
            "version: 1\njobs:\n  app: { type: service, with: { command: [x], ready: { http: \"http://127.0.0.1:${SHIPKEEPER_PORT}/\" } } }\n",
            """
            version: 1
            jobs:
              inner: { type: service, with: { command: [x], ready: { tcp: "127.0.0.1:6379" } } }
              app: { type: service, with: { command: [x], ready: { http: "http://localhost:8080/" } } }

            """,
            """
            version: 1
            jobs:
              inner: { type: service, with: { command: [x], ready: { tcp: "127.0.0.1:6379" } } }
              app: { type: service, with: { command: [x] } }

            """,
            """
            version: 1
            front: { upstream: app }
            jobs:
              app: { type: service, with: { command: [x], ready: { http: "http://127.0.0.1:3000/" } } }

            """,
        ])
    func noWarnings(text: String) throws {
        let folder = TemporaryFolder()
        try folder.write("shipkeeper.yaml", text)
        let result = try Shell.run("'\(SourceTree.program)' check", environment: ["TOKEN": "t", "PORT": "8080"], folder: folder.path)
        #expect(result.status == 0 && result.errors.isEmpty, "\(result)")
    }

    @Test("no example has a warning")
    func examples() throws {
        let found = try Shell.run("find '\(SourceTree.root)/Examples' -name 'shipkeeper*.yaml'").output.split(separator: "\n")
        #expect(found.count >= 10)
        for example in found {
            let result = try Shell.run(
                "'\(SourceTree.program)' check '\(example)'",
                environment: [
                    "DEMO_ROOT": "/tmp/demo", "DEMO_PORT": "7860", "HF_DATASET": "alice/backup", "HF_TOKEN": "hf_abc", "OSS_BUCKET": "my-blog",
                    "OSS_REGION": "oss-cn-hangzhou", "SITE_URL": "https://blog.example.com", "HOME": "/root", "BACKUP_REGION": "cn-hangzhou",
                    "BACKUP_BUCKET": "my-backups", "RESTIC_PASSWORD": "p", "NODE_ENV": "production", "OSS_ACCESS_KEY_ID": "i", "OSS_ACCESS_KEY_SECRET": "s",
                    "OPENCLAW_GATEWAY_TOKEN": "t", "MINIMAX_API_KEY": "k", "N8N_ENCRYPTION_KEY": "e", "SHIPKEEPER_PLUGINS": SourceTree.root + "/Plugins",
                ])
            #expect(result.status == 0 && result.errors.isEmpty, "\(example): \(result)")
        }
    }
}
