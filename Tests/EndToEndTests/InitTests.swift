import Foundation
import TestSupport
import Testing

/// The files that `shipkeeper init` writes.
@Suite("init", .waiting)
struct InitTests {
    private static let platforms = ["huggingface", "modelscope", "railway", "render", "fly", "compose"]
    private static let apps = ["openclaw", "n8n", "uptime-kuma", "command"]
    private static let stores = ["huggingface", "oss", "s3", "folder"]

    @Test("every app on every platform with every store: the configuration is valid, and the platform's file can be read", .limited)
    func combinations() throws {
        let folder = TemporaryFolder()
        try folder.write(
            "read.py",
            """
            import sys, json, yaml, tomllib, pathlib
            for path in sys.argv[1:]:
                text = pathlib.Path(path).read_text()
                if path.endswith('.json'): json.loads(text)
                if path.endswith('.yaml') and 'shipkeeper.yaml' not in path: assert yaml.safe_load(text)['services'], path
                if path.endswith('.toml'): assert tomllib.loads(text)['app'], path
                if path.endswith('README.md'): assert yaml.safe_load(text.split('---')[1])['sdk'] == 'docker'
            """)
        let environment = [
            "HF_DATASET": "a/b", "HF_TOKEN": "hf_x", "BACKUP_REGION": "cn-hangzhou", "BACKUP_BUCKET": "my-backups", "BACKUP_ENDPOINT": "https://s3.example.com",
            "OSS_ACCESS_KEY_ID": "i", "OSS_ACCESS_KEY_SECRET": "s", "AWS_ACCESS_KEY_ID": "i", "AWS_SECRET_ACCESS_KEY": "s", "OPENCLAW_GATEWAY_TOKEN": "t",
            "MINIMAX_API_KEY": "k", "N8N_ENCRYPTION_KEY": "e", "HOME": "/root", "RESTIC_PASSWORD": "p",
        ]
        for app in InitTests.apps {
            for platform in InitTests.platforms {
                for store in InitTests.stores {
                    let place = folder["\(app)-\(platform)-\(store)"]
                    let made = try Shell.run("'\(SourceTree.program)' init --app \(app) --platform \(platform) --store \(store) --to '\(place)'")
                    try #require(made.status == 0 && made.output.contains("Next steps (also in NEXT-STEPS.md):\n 1. "), "\(made)")
                    let check = try Shell.run("'\(SourceTree.program)' check --config '\(place)/shipkeeper.yaml'", environment: environment)
                    #expect(check.status == 0 && check.errors.isEmpty, "\(app) on \(platform) with \(store): \(check)")
                    if app != "openclaw" { #expect(!check.output.contains("disabled"), "\(check.output)") }
                }
            }
        }
        let read = try Shell.run("'\(Shell.python)' read.py */*", folder: folder.path)
        #expect(read.status == 0, "\(read.errors)")
    }

    @Test("the example with plug-ins is valid by the schema that names them")
    func schema() throws {
        let folder = TemporaryFolder()
        try folder.write(
            "validate.py",
            """
            import sys, json, yaml, jsonschema
            schema, text = json.load(open(sys.argv[1])), open(sys.argv[2]).read().replace(" on:", " 'on':")
            jsonschema.Draft7Validator.check_schema(schema)
            jsonschema.validate(yaml.safe_load(text), schema)
            try: jsonschema.validate(yaml.safe_load(text.replace("with: { url:", "with: { address:")), schema)
            except jsonschema.ValidationError: sys.exit(0)
            sys.exit("accepted an unknown setting of a plug-in")
            """)
        let example = "\(SourceTree.root)/Examples/openclaw-space/shipkeeper.yaml"
        let line = "'\(SourceTree.program)' schema --config '\(example)' > schema.json && '\(Shell.python)' validate.py schema.json '\(example)'"
        let result = try Shell.run(line, folder: folder.path)
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test("nothing is overwritten, and a wrong word is named")
    func refusals() throws {
        let folder = TemporaryFolder()
        try folder.write("here/Dockerfile", "mine")
        let again = try Shell.run("'\(SourceTree.program)' init --platform fly --to here", folder: folder.path)
        #expect(again.status == 1 && again.errors.contains("Dockerfile already exists in here; nothing was written"), "\(again)")
        try folder.write("here/fly.toml", "mine")
        let both = try Shell.run("'\(SourceTree.program)' init --platform fly --to here", folder: folder.path)
        #expect(both.status == 1 && both.errors.contains("Dockerfile and fly.toml already exist in here; nothing was written"), "\(both)")
        #expect(try Shell.run("ls here", folder: folder.path).output == "Dockerfile\nfly.toml\n")
        let unknown = try Shell.run("'\(SourceTree.program)' init --platform fly --app wordpress", folder: folder.path)
        #expect(unknown.status == 2 && unknown.errors.contains("known are openclaw, n8n, uptime-kuma, command"), "\(unknown)")
        let missing = try Shell.run("'\(SourceTree.program)' init", folder: folder.path)
        #expect(
            missing.status == 2
                && missing.errors.contains("--platform is missing: name one of huggingface, modelscope, railway, render, fly, compose; and, unless the usual"),
            "\(missing)")
        for wrong in [
            "--port 80", "--app n8n --command x", "--command x --port 0", "--command ' '", "--command x --health '/a b'", "--force --diff", "--lang fr",
            "--format zip",
        ] {
            #expect(try Shell.run("'\(SourceTree.program)' init --platform fly \(wrong)", folder: folder.path).status == 2, "\(wrong)")
        }
        #expect(try Shell.run("ls -A", folder: folder.path).output == "here\n")
    }

    @Test("--diff shows what differs from what would be written, --force writes it, and both know which options wrote the files")
    func difference() throws {
        let folder = TemporaryFolder()
        func run(_ words: String) throws -> Shell.Result { try Shell.run("'\(SourceTree.program)' init \(words) --to here", folder: folder.path) }
        try folder.write("here/.env", "MINE=1\n")
        try Shell.run("chmod 600 here/.env", folder: folder.path)
        let words = "--platform compose --command \"node 'my server.js'\" --port 3000 --lang zh --store folder"
        #expect(try run(words).output.contains("接下来"))
        #expect(folder.read("here/.env") == "MINE=1\nSHIPKEEPER_IMAGE=shipkeeper:slim\n")
        #expect(try Shell.run("stat -c %a here/.env", folder: folder.path).output == "600\n")
        let same = try run("--diff")
        #expect(same.status == 0 && same.output.isEmpty && same.errors.isEmpty, "\(same)")
        try Shell.run("sed -i s/3000/4000/ here/compose.yaml && rm here/Dockerfile", folder: folder.path)
        let differs = try run("--diff")
        #expect(
            differs.status == 1 && differs.output.contains("--- compose.yaml\n+++ compose.yaml\n") && differs.output.contains("--- /dev/null\n+++ Dockerfile\n")
        )
        let patched = try Shell.run("'\(SourceTree.program)' init --diff --to here | (cd here && git apply - && ls Dockerfile)", folder: folder.path)
        #expect(patched.status == 0, "\(patched)")
        let back = try run("--force")
        #expect(back.status == 0, "\(back)")
        #expect(try run("--diff").status == 0)
        let other = try run("--diff --port 5000 --command 'node x'")
        #expect(other.status == 1 && other.output.contains("+    env: { PORT: \"5000\" }"), "\(other)")
        let json = try run("--diff --json --store s3")
        #expect(json.status == 1 && json.output.contains("\"differences\""), "\(json)")
    }

    /// Runs init on a terminal of its own, and types an answer at each prompt.
    private static let typist = """
        import os, pty, sys, select, signal
        program, folder, answers = sys.argv[1], sys.argv[2], sys.argv[3:]
        child, terminal = pty.fork()
        if child == 0:
            os.environ.pop("NO_COLOR", None)
            # The tests' own process may ignore or block it, and children inherit both.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            os.execv(program, [program, "init", "--to", folder])
        text, at = b"", 0
        while True:
            try: part = os.read(terminal, 4096)
            except OSError: break
            if not part: break
            text += part
            if text[at:].rstrip(b" ").endswith((b":", b"]")) and text.endswith(b" ") and answers:
                at = len(text)
                answer = answers.pop(0)
                os.write(terminal, {"^C": b"\\x03", "^D": b"\\x04"}.get(answer, answer.encode() + b"\\n"))
        status = os.waitpid(child, 0)[1]
        sys.stdout.write(text.decode().replace("\\r", ""))
        if answers: print("NOT ASKED FOR:", answers)
        sys.exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))
        """

    @Test("on a terminal it asks, offers what it finds, and takes numbers, names and nothing at all")
    func questions() throws {
        let folder = TemporaryFolder()
        try folder.write("type.py", InitTests.typist)
        func type(_ to: String, _ answers: String...) throws -> Shell.Result {
            try Shell.run(
                "'\(Shell.python)' type.py '\(SourceTree.program)' '\(to)' \(answers.map { "'\($0)'" }.joined(separator: " "))", folder: folder.path)
        }
        func written(_ words: String, as asked: String) throws {
            let made = try Shell.run("'\(SourceTree.program)' init \(words) --to told && diff -r told '\(asked)' && rm -r told", folder: folder.path)
            #expect(made.status == 0, "\(made)")
        }
        let plain = try type("a", "", "", "", "")
        #expect(plain.status == 0 && plain.output.contains("1) huggingface ") && !plain.output.contains("NOT ASKED"), "\(plain)")
        try written("--platform huggingface", as: "a")
        let chosen = try type("b", "9", "nowhere", "4", "command", "node server.js", "0", "3000", "no path", "healthz", "s3")
        #expect(chosen.status == 0 && !chosen.output.contains("NOT ASKED"), "\(chosen)")
        try written("--platform render --command 'node server.js' --port 3000 --health healthz --store s3", as: "b")
        try folder.write("c/README.md", "---\nsdk: docker\napp_port: 5000\n---\n")
        try folder.write("c/package.json", "{\"dependencies\": {\"n8n\": \"1\"}}")
        let space = try type("c", "", "", "", "y")
        #expect(space.status == 0 && space.output.contains("README.md is here") && space.output.contains("App [n8n]"), "\(space)")
        #expect(
            folder.read("c/shipkeeper.yaml")?.contains("--app n8n --store huggingface --format restic") == true
                && folder.read("c/README.md")?.contains("My n8n") == true)
    }

    @Test("a password is made on a terminal, another one each time, and is in no file; elsewhere, over files that are there and for archives there is none")
    func password() throws {
        let folder = TemporaryFolder()
        try folder.write("type.py", InitTests.typist)
        func type(_ to: String) throws -> [Substring] {
            let typed = try Shell.run("'\(Shell.python)' type.py '\(SourceTree.program)' \(to) '' '' '' ''", folder: folder.path)
            #expect(typed.status == 0 && typed.output.contains("Keep it in a password manager"), "\(typed)")
            return typed.output.split(whereSeparator: \.isWhitespace).filter { $0.count == 64 && $0.allSatisfy(\.isHexDigit) }
        }
        let (first, second) = (try type("a"), try type("b"))
        #expect(first.count == 1 && second.count == 1 && first != second)
        #expect(try Shell.run("grep -r '\(first.first ?? "")' a", folder: folder.path).status == 1)
        let quiet = try Shell.run("'\(SourceTree.program)' init --platform fly --to c", folder: folder.path)
        #expect(quiet.status == 0 && !quiet.output.contains("password manager") && quiet.output.contains("Set the secret RESTIC_PASSWORD"), "\(quiet)")
        func onTerminal(_ words: String) throws -> String {
            try Shell.run("script -qec \"'\(SourceTree.program)' init --platform fly \(words)\" /dev/null", folder: folder.path).output
        }
        #expect(try onTerminal("--to d").contains("password manager"))
        #expect(try !onTerminal("--to d --force").contains("password manager"))
        #expect(try !onTerminal("--to e --format archive").contains("password manager"))
    }

    @Test("files of a version that knew archives only stay with them, until another format is named")
    func earlierFormat() throws {
        let folder = TemporaryFolder()
        func run(_ words: String) throws -> Shell.Result { try Shell.run("'\(SourceTree.program)' init \(words) --to here", folder: folder.path) }
        #expect(try run("--platform railway --app n8n --format archive").status == 0)
        try Shell.run("sed -i 's/ --format archive//' here/*", folder: folder.path)
        #expect(try run("--force").status == 0)
        #expect(folder.read("here/shipkeeper.yaml")?.contains("format: archive") == true && folder.read("here/shipkeeper.yaml")?.contains("RESTIC") == false)
        #expect(try run("--force --format restic").status == 0)
        #expect(folder.read("here/shipkeeper.yaml")?.contains("password: \"${RESTIC_PASSWORD}\"") == true)
        #expect(try run("--diff").status == 0)
    }

    @Test(
        "Ctrl-C, the end of input and a no leave nothing",
        arguments: [["^C"], ["1", "^C"], ["^D"], ["2", "1", "^D"], ["1", "command", "^D"], ["1", "2", "1", ""]])
    func interrupted(answers: [String]) throws {
        let folder = TemporaryFolder()
        try folder.write("type.py", InitTests.typist)
        let refuses = answers.count == 4
        if refuses { try folder.write("x/Dockerfile", "mine") }
        let typed = try Shell.run(
            "'\(Shell.python)' type.py '\(SourceTree.program)' x \(answers.map { "'\($0)'" }.joined(separator: " "))", folder: folder.path)
        #expect(typed.status == (answers.last == "^C" ? 130 : 1) && !typed.output.contains("NOT ASKED"), "\(typed)")
        #expect(try Shell.run("ls -A x", folder: folder.path).output == (refuses ? "Dockerfile\n" : ""))
        if answers.last != "^C" { #expect(typed.output.contains("nothing was written"), "\(typed)") }
    }

    @Test("the page that stands in for the app shows no data", .limited)
    func placeholder() throws {
        let folder = TemporaryFolder()
        try Shell.run("mkdir data repository && echo secret > data/secret.txt && echo old > data/old.txt", folder: folder.path)
        let made = try Shell.run("'\(SourceTree.program)' init --platform railway --store folder --to made", folder: folder.path)
        try #require(made.status == 0)
        let port = Port.reserve()
        let program = try RunningProgram(
            // The port of the app is a fixed one, and tests run side by side.
            try #require(folder.read("made/shipkeeper.yaml")).replacing("8000", with: "\(Port.reserve())"), in: folder,
            environment: [
                "APP_FOLDER": folder["data"], "RESTIC_PASSWORD": "p", "BACKUP_FOLDER": folder["repository"], "PAGE_FOLDER": folder["page"],
                "SHIPKEEPER_PORT": "\(port)",
                "SHIPKEEPER_STATE": folder["state"],
            ])
        try #require(try program.says("app: ready"), "\(program.log)")
        #expect(try program.until("curl -sf http://127.0.0.1:\(port)/ | grep 'It works'"), "\(program.log)")
        for path in ["secret.txt", "data/secret.txt", "../data/secret.txt", "%2e%2e/data/secret.txt"] {
            let status = try Shell.run("curl -s -o /dev/null -w '%{http_code}' --path-as-is http://127.0.0.1:\(port)/\(path)").output
            #expect(["400", "404"].contains(status), "\(path): \(status)")
        }
        #expect(program.stop() == 0, "\(program.log)")
    }

    @Test("the examples are as it writes them", .limited)
    func examples() throws {
        let folder = TemporaryFolder()
        let made = try Shell.run(
            "cp -r '\(SourceTree.root)/Examples' Examples && mkdir -p .build/debug && Examples/make '\(SourceTree.program)' && diff -r Examples '\(SourceTree.root)/Examples'",
            folder: folder.path)
        #expect(made.status == 0, "run Examples/make and look at what it changes:\n\(made.output)\(made.errors)")
    }
}
