import Config
import Foundation
import HTTPClient
import JobKit
import Jobs
import Platforms
import Scheduler
import Settings
import TestSupport
import Testing
import TimeZones

@Suite("configuration", .waiting)
struct ConfigTests {
    private static let catalog = BuiltInJobs.catalog(
        http: CurlClient(), now: { Date(timeIntervalSince1970: 1_790_000_000) })

    private func read(_ text: String, environment: [String: String] = [:]) throws -> Configuration {
        try ConfigurationReader(catalog: ConfigTests.catalog, environment: environment).read(text, file: "c.yaml")
    }

    private func problems(_ text: String, environment: [String: String] = [:]) -> [String] {
        do {
            return try read(text, environment: environment).warnings.map(\.description)
        } catch let error as ConfigurationError {
            return error.problems.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }

    private let whole = """
        version: 1
        timezone: Asia/Shanghai
        state: /var/lib/shipkeeper
        stop_budget: 20s
        secrets: [TOKEN]
        repositories:
          main: { type: folder, path: /repo }
        jobs:
          restore: { type: restore, on: boot, with: { repository: main, path: /data } }
          gateway:
            type: service
            needs: restore
            secrets: [TOKEN]
            env: { MODE: prod }
            with:
              command: [gateway, --port, "18789"]
              ready: { http: "http://127.0.0.1:18789/startupz", fallback: [/readyz, /healthz], within: 10m }
              live: { http: "http://127.0.0.1:18789/healthz", every: 10s, timeout: 5s, failures: 5 }
              restart: { backoff: 5s..60s, give_up_after: 10 in 10m }
              exit_rules: { 0: restart_now, 78: { run: [doctor, --fix], then: give_up } }
              stop: { signal: SIGINT, grace: 20s }
              memory_limit: 1GiB
          backup:
            type: backup
            on: { every: 30m, stop: true }
            needs: restore
            retry: { attempts: 3, backoff: 10s..10m }
            timeout: 20m
            overlap: queue
            catch_up: once
            jitter: 30s
            with: { repository: main, path: /data, exclude: ["*.tmp", node_modules/] }
          nightly: { type: command, on: { cron: "30 3 * * MON-FRI" }, timezone: UTC, with: { shell: "echo ${GREETING:-hello} $$HOME" } }
        """

    @Test("a whole file is read")
    func wholeFile() throws {
        let configuration = try read(whole, environment: ["TOKEN": "abcdef"])
        #expect(configuration.stopBudget == .seconds(20))
        #expect(configuration.timeZone.name == "Asia/Shanghai")
        let jobs = Dictionary(configuration.jobs.map { ($0.definition.name, $0) }) { a, _ in a }
        #expect(jobs["gateway"]?.definition.triggers == [.boot])
        #expect(jobs["backup"]?.definition.triggers == [.stop, .schedule(.every(.seconds(1800)), atStart: false)])
        #expect(jobs["backup"]?.definition.retry.backoffCap == .seconds(600))
        guard case .service(let service) = jobs["gateway"]?.work else { Issue.record("no service"); return }
        #expect(service.ready?.probe == .http(["http://127.0.0.1:18789/startupz", "http://127.0.0.1:18789/readyz", "http://127.0.0.1:18789/healthz"]))
        #expect(service.exitRules[78] == .repair(.command(["doctor", "--fix"]), after: 1, then: .giveUp))
        #expect(service.stop == StopSteps([.init(signal: 2, wait: .seconds(20))]))
        #expect(service.memoryLimit == .init(.bytes(1 << 30)))
    }

    @Test("every mistake is named at once, with its place and what to do")
    func allAtOnce() {
        let found = problems(
            """
            version: 1
            stop_budget: soon
            jobs:
              a:
                type: comand
                needs: [bb]
              b:
                type: command
                on: { every: 5, cron: "61 * * * *" }
                timeot: 3s
                with: { command: "echo hi" }
              c:
                type: backup
                overlap: never
                with: { repository: main, path: data }
            """)
        #expect(
            found == [
                "c.yaml:2:14: error: \"stop_budget\" is \"soon\"; write a duration such as 30s, 5m or 1h30m",
                "c.yaml:5:11: error: no job type is named \"comand\"; did you mean \"command\"?",
                "c.yaml:9:18: error: \"b.on.every\" is \"5\"; write a duration such as 30s, 5m or 1h30m",
                "c.yaml:9:27: error: not a cron expression: \"61\" in the minute field; allowed is 0–59",
                "c.yaml:10:5: error: unknown key \"timeot\" in \"b\"; did you mean \"timeout\"?",
                "c.yaml:11:22: error: \"b.with.command\" takes a list, not \"echo hi\"; write [program, argument, …], or use \"shell\" for a line of shell",
                "c.yaml:14:14: error: \"c.overlap\" is \"never\"; allowed are skip, queue, all, replace",
                "c.yaml:15:25: error: no repository is named \"main\"; declare it",
                "c.yaml:15:37: error: \"c.with.path\" is \"data\"; write a path from the root, such as /data/app",
            ])
    }

    @Test("needs: unknown names and circles")
    func needs() {
        let found = problems(
            """
            version: 1
            jobs:
              a: { type: command, needs: [b], with: { command: [x] } }
              b: { type: command, needs: [c], with: { command: [x] } }
              c: { type: command, needs: [a], with: { command: [x] } }
              d: { type: command, needs: [gatway], with: { command: [x] } }
              gateway: { type: command, with: { command: [x] } }
              e: { type: command, on: { after: e }, with: { command: [x] } }
            """)
        #expect(
            found == [
                "c.yaml:3:31: error: \"needs\" goes in a circle: a → b → c → a; none of them could ever start; remove one",
                "c.yaml:6:31: error: \"needs\" of \"d\" names \"gatway\", which is not a job; did you mean \"gateway\"?",
                "c.yaml:8:27: error: \"e\" can't wait for itself",
            ])
    }

    @Test("a variable that is not set is an error; a secret that is not set disables its jobs")
    func variables() throws {
        let text = """
            version: 1
            secrets: [TOKEN]
            jobs:
              a: { type: command, secrets: [TOKEN], with: { command: [x] } }
              b: { type: keepalive, with: { url: "https://example.com/${TOKEN}" } }
              c: { type: command, with: { command: [x, "${HOST:-there}"] } }
            """
        let configuration = try read(text)
        #expect(configuration.jobs.map(\.definition.disabled?.description) == ["the secret TOKEN is not set", "the secret TOKEN is not set", nil])
        #expect(
            problems("version: 1\njobs:\n  c: { type: command, with: { command: [x, \"${HOTS}\"] } }\n", environment: ["HOST": "h"])
                == ["c.yaml:3:44: error: the environment variable HOTS is not set; did you mean HOST? Else set it, or write ${HOTS:-default}"])
    }

    @Test("a job's name may be in any script, and is checked")
    func jobNames() {
        for name in ["nightly", "备份", "Sauvegarde_été-2"] {
            #expect(problems("version: 1\njobs:\n  \(name): { type: command, with: { command: [x] } }\n").isEmpty, "\(name)")
        }
        for name in ["a b", "a/b", "-a", "\"\"", String(repeating: "a", count: 65)] {
            let found = problems("version: 1\njobs:\n  \(name): { type: command, with: { command: [x] } }\n")
            #expect(found.count == 1 && found[0].hasPrefix("c.yaml:3:3: error: ") && found[0].contains("is not a valid job name"), "\(found)")
        }
    }

    @Test(
        "full-width punctuation is named, and what follows from it is not",
        arguments: [
            ("version：1\njobs: {}", "c.yaml:1:8: error: full-width colon \"：\"; type : with the English keyboard"),
            ("version: 1\njobs:\n  app：\n    type: service", "c.yaml:3:6: error: full-width colon \"：\"; type : with the English keyboard"),
            ("version: 1\njobs:\n  a:\u{3000}{ type: command }", "c.yaml:3:5: error: full-width blank U+3000; type a plain blank with the English keyboard"),
            (
                "version: 1\njobs:\n  a: { type: command, with: { command: ［x, “1”］ } }",
                "c.yaml:3:40: error: full-width bracket \"［\"; type [ with the English keyboard"
            ),
        ])
    func fullWidth(text: String, expected: String) { #expect(problems(text) == [expected]) }

    @Test("full-width punctuation in a text is fine, and explains no other mistake")
    func fullWidthText() {
        let found = problems("version: 1\njobs:\n  a: { type: command, with: { shell: echo 你好，世界：一 } }\n  b: { typ: command }\n")
        #expect(!found.isEmpty && found.allSatisfy { !$0.contains("full-width") && $0.hasPrefix("c.yaml:4:") }, "\(found)")
    }

    @Test(
        "what is not YAML is named with its place",
        arguments: zip(
            ["a: [1", "version: 1\n\tjobs: 2", "a: 1\na: 2", "", "- 1\n- 2", "version: 2\njobs: {}"],
            [
                "c.yaml:1:4", "c.yaml:2:1", "c.yaml:", "c.yaml:1:1: error: the file is empty", "c.yaml:1:1",
                "c.yaml:1:10: error: \"version\" is \"2\"; write version: 1",
            ]))
    func notYAML(text: String, start: String) {
        let found = problems(text)
        #expect(found.first?.hasPrefix(start) == true, "\(found)")
    }

    @Test("a name that looks like a secret and is none is warned of")
    func looksSecret() {
        let found = problems(
            "version: 1\njobs:\n  a: { type: command, env: { T: \"${API_TOKEN}\" }, with: { command: [x] } }\n", environment: ["API_TOKEN": "abcdef"])
        #expect(found.count == 1 && found[0].contains("warning: API_TOKEN looks like a secret"))
    }

    @Test("a variable that is not set is told once")
    func toldOnce() throws {
        let text = """
            version: 1
            jobs:
              site:
                type: publish
                with: { folder: "${SITE}", to: { type: oss, bucket: "${BUCKET}", region: nowhere else } }
            """
        #expect { try ConfigurationReader(catalog: ConfigTests.catalog, environment: [:]).read(text, file: "c.yaml") } throws: { error in
            let words = (error as? ConfigurationError)?.problems.map(\.description) ?? []
            return words.count == 3 && words[0].contains("SITE is not set") && words[1].contains("BUCKET is not set") && words[2].contains("nowhere else")
        }
    }

    @Test("every example is valid by the schema that \"shipkeeper schema\" prints, and by the program")
    func schema() throws {
        let folder = TemporaryFolder()
        try folder.write("schema.json", JSONSchema(catalog: ConfigTests.catalog).text)
        try folder.write("whole.yaml", whole)
        // Those with plug-ins need the program, which knows these: see the tests of init.
        let search = "find '\(SourceTree.root)/Examples' -name 'shipkeeper*.yaml' | xargs grep -LE 'type: (notify|openclaw-devices)'"
        let examples = try Shell.run(search).output.split(separator: "\n").map(String.init)
        #expect(!examples.isEmpty)
        let script = """
            import sys, json, yaml, jsonschema
            # YAML 1.2 knows no "on" and "yes" but as text.
            class Loader(yaml.SafeLoader): pass
            Loader.yaml_implicit_resolvers = {
                letter: [(tag, pattern) for tag, pattern in found if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")]
                for letter, found in yaml.SafeLoader.yaml_implicit_resolvers.items()}
            import re
            Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))
            def load(text): return yaml.load(text, Loader)
            schema = json.load(open(sys.argv[1]))
            assert schema["$schema"] == "http://json-schema.org/draft-07/schema#" and schema["$id"]
            jsonschema.Draft7Validator.check_schema(schema)
            validator = jsonschema.Draft7Validator(schema)
            for path in sys.argv[2:]:
                for error in validator.iter_errors(load(open(path).read())): sys.exit(f"{path}: {error.message} at {list(error.path)}")
            # Each default is a value that is allowed.
            count = 0
            def defaults(node):
                global count
                if isinstance(node, list): [defaults(x) for x in node]
                if not isinstance(node, dict): return
                if "default" in node and "description" in node:
                    count += 1
                    jsonschema.Draft7Validator(node).validate(node["default"])
                for value in node.values(): defaults(value)
            defaults(schema)
            assert count > 60, count
            def errors(job, name="a"): return [e.message for e in validator.iter_errors(load("version: 1\\njobs:\\n  " + json.dumps(name) + ": " + job))]
            good = ["{ type: command, with: { shell: x } }", "{ type: command, timeout: '${T}', with: { command: [a, b] }, on: boot, needs: x }",
                "{ type: command, on: { every: 30m, cron: ['0 3 * * *'] }, enabled: '${A:-false}', with: { shell: x } }"]
            for job in good: assert not errors(job), (job, errors(job))
            # One mistake is one problem, also without a type.
            for job in ["{ type: nope, with: {} }", "{ type: command, with: { shel: x } }", "{ with: { shell: x } }", "{ typ: command, type: command, with: { shell: x } }",
                "{ type: command, timout: 5m, with: { shell: x } }", "{ type: command, timeout: 10, with: { shell: x } }", "{ type: command, overlap: both, with: { shell: x } }",
                "{ type: restore, on: boot }", "{ type: command, on: { evry: 5m }, with: { shell: x } }", "{ type: command, retry: 3, with: { shell: x } }",
                "{ type: keepalive, with: {} }", "{ type: command, enabled: perhaps, with: { shell: x } }", "7"]:
                assert len(errors(job)) == 1, (job, errors(job))
            for name in ["a", "a-b_1", "备份", "夜间任务-2", "ночь", "é", "々", "a" * 64, "١"]: assert not errors(good[0], name), name
            for name in ["", "my job", "-a", "a.b", "a/b", "a" * 65, "备份！", "a，b", "（x）", "a\\tb", "✓", "a:b"]: assert len(errors(good[0], name)) == 1, name
            def top(text): return [e.message for e in validator.iter_errors(load("version: 1\\njobs: {}\\n" + text))]
            assert not top("x-anything: { a: 1 }") and len(top("anything: 1")) == 1
            assert not top("repositories: { main: { type: folder, path: /x } }")
            for repository in ["{ path: /x }", "{ type: nope, path: /x }", "{ type: folder }", "{ type: folder, path: /x, dataset: y }"]:
                assert len(top("repositories: { main: " + repository + " }")) == 1, (repository, top("repositories: { main: " + repository + " }"))
            """
        try folder.write("validate.py", script)
        let result = try Shell.run(
            "\(Shell.python) \(folder["validate.py"]) \(folder["schema.json"]) \(folder["whole.yaml"]) \(examples.joined(separator: " "))")
        #expect(result.status == 0, "\(result.errors)")
        for example in examples {
            let text = try String(contentsOfFile: example, encoding: .utf8)
            let environment = [
                "DEMO_ROOT": "/tmp/demo", "DEMO_PORT": "7860", "HF_DATASET": "alice/backup", "HF_TOKEN": "hf_abc", "OSS_BUCKET": "my-blog",
                "OSS_REGION": "oss-cn-hangzhou", "SITE_URL": "https://blog.example.com", "HOME": "/root", "BACKUP_REGION": "cn-hangzhou",
                "BACKUP_BUCKET": "my-backups", "NODE_ENV": "production",
            ].merging(Platform([:]).variables) { own, _ in own }
            #expect(throws: Never.self) { try ConfigurationReader(catalog: ConfigTests.catalog, environment: environment).read(text, file: example) }
        }
    }

    @Test(
        "names that the schema of jobs accepts are those that the program accepts",
        arguments: ["a", "a-b_1", "备份", "ночь", "é", "々", "-a", "my job", "a.b", "备份！", "a，b", "✓", "١", "a:b"])
    func names(name: String) {
        let isGood = problems("version: 1\njobs:\n  \"\(name)\": { type: command, with: { shell: x } }\n").isEmpty
        #expect(isGood == !["-a", "my job", "a.b", "备份！", "a，b", "✓", "a:b"].contains(name), "\(name)")
    }

    @Test("the stop budget is the platform's where the file names none")
    func platformBudget() throws {
        let environment = ["FLY_APP_NAME": "x"]
        #expect(try read("version: 1\njobs: {}\n", environment: environment).stopBudget == Platform(environment).stopBudget)
        #expect(try read("version: 1\nstop_budget: 3s\njobs: {}\n", environment: environment).stopBudget == .seconds(3))
    }

    @Test("an optional variable that is not set leaves its key out, and in quotes it is empty text")
    func leftOut() throws {
        #expect(problems("version: 1\njobs:\n  a:\n    type: command\n    timeout: ${T:-}\n    with: { shell: env }\n") == [])
        #expect(
            problems("version: 1\njobs:\n  a:\n    type: command\n    timeout: \"${T:-}\"\n    with: { shell: env }\n")
                == ["c.yaml:5:14: error: \"a.timeout\" is \"${T:-}\"; write a duration such as 30s, 5m or 1h30m"])
    }

    @Test("a variable without a value is taken away from a job, and an empty one is empty")
    func takenAway() throws {
        let configuration = try read("version: 1\njobs:\n  a: { type: command, env: { X: , Y: \"\", Z: 1 }, with: { shell: env } }\n", environment: [:])
        #expect(configuration.jobs[0].environment == ["X": nil, "Y": "", "Z": "1"])
    }
}
