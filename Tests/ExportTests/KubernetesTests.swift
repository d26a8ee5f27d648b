import Config
import Export
import Foundation
import Settings
import TestSupport
import Testing

@Suite("objects of Kubernetes")
struct KubernetesTests {
    private func exported(_ text: String, given: [String: String] = [:], machine: [String: String] = [:], name: String? = nil) throws -> Exported {
        try ExportedFile.of(.kubernetes, "version: 1\n" + text, given: given, machine: machine, name: name)
    }

    private func node(_ exported: Exported, _ file: String) throws -> ConfigNode {
        try #require(PlainYAML.read(exported.file(file), file: file).root, "\(file) of \(exported.files.map(\.name)): \(exported.file(file))")
    }

    private static let pair = """
        repositories: { main: { type: s3, bucket: backups, region: r, access_key_id: "${KEY_ID}", access_key_secret: "${KEY}" } }
        """
    private static let data = """
          restore: { type: restore, on: boot, with: { repository: main, base: /root, paths: [.app], optional: [.config/app] } }
          app:
            type: service
            needs: restore
            with: { command: [app], ready: { http: "http://127.0.0.1:3000/ready" } }
          backup: { type: backup, on: { every: 30m, stop: true }, needs: restore, with: { repository: main, base: /root, paths: [.app], optional: [.config/app] } }
        """

    // MARK: The pod with the data

    @Test("data make a StatefulSet of one pod, in which shipkeeper is process 1, and each folder is a part of one volume")
    func data() throws {
        let found = try exported(
            "secrets: [KEY_ID, KEY]\nstop_budget: 40s\n\(KubernetesTests.pair)\njobs:\n\(KubernetesTests.data)\n  hourly: { type: command, on: { cron: \"@hourly\" }, with: { command: [report] } }\n"
        )
        let spec = try #require(try node(found, "statefulset-app.yaml")["spec"])
        #expect(spec["replicas"]?.text == "1" && spec["template"]?["spec"]?["terminationGracePeriodSeconds"]?.text == "45")
        let container = try #require(spec["template"]?["spec"]?["containers"]?.elements?.first)
        #expect(container["command"]?.elements?.map(\.text) == ["shipkeeper", "run"])
        let mounts = (container["volumeMounts"]?.elements ?? []).map { "\($0["name"]?.text ?? "") \($0["mountPath"]?.text ?? "") \($0["subPath"]?.text ?? "")" }
        #expect(
            mounts == [
                "configuration /etc/shipkeeper/shipkeeper.yaml shipkeeper.yaml", "data /root/.app root/.app", "data /root/.config/app root/.config/app",
                "data /var/lib/shipkeeper var/lib/shipkeeper", "temporary /run run", "temporary /tmp tmp",
            ])
        #expect(spec["volumeClaimTemplates"]?.elements?.count == 1)
        let variables = container["env"]?.elements ?? []
        #expect(variables.first { $0["name"]?.text == "SHIPKEEPER_DISABLED_JOBS" }?["value"]?.text == "hourly")
        // What needs a secret that is not there is switched off by shipkeeper itself.
        #expect(variables.first { $0["name"]?.text == "KEY" }?["valueFrom"]?["secretKeyRef"]?["optional"]?.text == "true")
        let cron = try #require(try node(found, "cronjob-app-hourly.yaml")["spec"])
        let run = try #require(cron["jobTemplate"]?["spec"]?["template"]?["spec"]?["containers"]?.elements?.first)
        #expect(run["command"]?.elements?.map(\.text) == ["shipkeeper", "exec", "hourly"])
        #expect(run["env"]?.elements?.count == 2, "a job sees no secret that it needs not")
    }

    @Test("a folder below another is no volume of its own, and a repository that is a folder is one")
    func folders() throws {
        let found = try exported(
            """
            state: /data/state
            repositories: { "my_repo": { type: folder, path: /backups } }
            jobs:
              restore: { type: restore, on: boot, with: { repository: my_repo, path: /data } }
              app: { type: service, needs: restore, with: { command: [app] } }
            """)
        let text = found.file("statefulset-app.yaml")
        let mounts = text.matches(of: /mountPath: (\S+)/).map(\.1)
        #expect(mounts == ["/etc/shipkeeper/shipkeeper.yaml", "/backups", "/data", "/run", "/tmp"], "\(text)")
        #expect(text.contains("name: repository-my-repo"))
        #expect(found.words.contains { $0.contains("destroys both") && $0.hasPrefix("shipkeeper.yaml:5:") }, "\(found.words)")
    }

    @Test("with a front, visitors reach nginx, and see its page while the app is not ready")
    func front() throws {
        let found = try exported("front: { upstream: app }\nsecrets: [KEY_ID, KEY]\n\(KubernetesTests.pair)\njobs:\n\(KubernetesTests.data)\n")
        let container = try #require(try node(found, "statefulset-app.yaml")["spec"]?["template"]?["spec"]?["containers"]?.elements?.first)
        #expect(container["readinessProbe"]?["httpGet"]?["path"]?.text == "/-/healthz" && container["ports"]?.elements?.first?["containerPort"]?.text == "7860")
        #expect(container["env"]?.elements?.first { $0["name"]?.text == "SHIPKEEPER_PORT" }?["value"]?.text == "7860")
        #expect(try node(found, "service-app.yaml")["spec"]?["ports"]?.elements?.first?["port"]?.text == "80")
        #expect(found.words.contains { $0.hasPrefix("shipkeeper.yaml:2:") && $0.contains("counts as ready once its page answers") }, "\(found.words)")
    }

    @Test("without a front, a service that listens for all is asked by its ready check, and one at 127.0.0.1 by shipkeeper's status")
    func ports() throws {
        let open = try exported("secrets: [KEY_ID, KEY]\n\(KubernetesTests.pair)\njobs:\n\(KubernetesTests.data)\n")
        #expect(open.file("statefulset-app.yaml").contains("path: /ready") && open.file("service-app.yaml").contains("port: 3000"))
        let closed = try exported(
            "secrets: [KEY_ID, KEY]\n\(KubernetesTests.pair)\njobs:\n\(KubernetesTests.data.replacing("[app]", with: "[app, --bind, 127.0.0.1]"))\n")
        #expect(closed.file("statefulset-app.yaml").contains("command: [shipkeeper, status]") && closed.file("service-app.yaml").contains("clusterIP: None"))
    }

    // MARK: Services

    @Test("an independent service is a plain container, with probes from its checks")
    func plain() throws {
        let found = try exported(
            """
            timezone: Asia/Shanghai
            secrets: [KEY, OTHER]
            jobs:
              web:
                type: service
                secrets: [KEY]
                env: { URL: "https://x/?key=${OTHER}", PRICE: "$(5) $$HOME" }
                with:
                  command: [web, --key, "${KEY}", "$(id)", "$HOME"]
                  cwd: /app
                  ready: { http: "http://127.0.0.1:8080/ready?all=1", fallback: [/health], every: 500ms, within: 90s }
                  live: { tcp: "127.0.0.1:8080", every: 15s, timeout: 3s, failures: 8 }
                  restart: { order: start_first, backoff: 1s..5s, give_up_after: 3 in 1m }
                  stop: { grace: 25s }
                  memory_limit: 512MiB
            """)
        let spec = try #require(try node(found, "deployment-web.yaml")["spec"])
        #expect(spec["strategy"]?["rollingUpdate"]?["maxUnavailable"]?.text == "0" && spec["template"]?["spec"]?["terminationGracePeriodSeconds"]?.text == "25")
        let container = try #require(spec["template"]?["spec"]?["containers"]?.elements?.first)
        #expect(container["command"]?.elements?.map(\.text) == ["web", "--key", "$(KEY)", "$$(id)", "$HOME"])
        #expect(container["startupProbe"]?["failureThreshold"]?.text == "90" && container["startupProbe"]?["httpGet"]?["path"]?.text == "/ready?all=1")
        #expect(container["livenessProbe"]?["tcpSocket"]?["port"]?.text == "http" && container["livenessProbe"]?["failureThreshold"]?.text == "8")
        #expect(container["resources"]?["limits"]?["memory"]?.text == "512Mi")
        let variables = (container["env"]?.elements ?? []).map { "\($0["name"]?.text ?? "")=\($0["value"]?.text ?? "*")" }
        #expect(variables == ["KEY=*", "OTHER=*", "PRICE=$$(5) $HOME", "TZ=Asia/Shanghai", "URL=https://x/?key=$(OTHER)"], "\(variables)")
        for words in [
            "not granted OTHER", "fallback", "at least a second", "port 8080 of all addresses", "waits before restarts", "without end", "killed at once",
        ] {
            #expect(found.words.contains { $0.contains(words) }, "\(words) in \(found.words)")
        }
        try ObjectChecks.check(found.text(for: .kubernetes), in: TemporaryFolder(), "plain")
    }

    @Test(
        "what Kubernetes can't do keeps a service with shipkeeper",
        arguments: [
            ("with: { command: [a], ready: { notify: true } }", "reports at a socket"), ("with: { command: [a], ready: { log: up } }", "a line of its log"),
            ("with: { command: [a], listen: \"0.0.0.0:80\" }", "sockets of"), ("with: { command: [a], stop: { signal: SIGINT } }", "another signal"),
            ("with: { command: [a], exit_rules: { 0: stop } }", "exit_rules"), ("with: { command: [a], memory_limit: 50% }", "share"),
            ("with: { command: [a], adopt_port: 80 }", "adopt_port"), ("env: { A: }\n    with: { command: [a] }", "removed"),
            ("with: { command: [a], live: { http: \"http://other:80/\" } }", "another machine"),
            ("with: { command: [a], live: { exec: [a, \"${KEY}\"] } }", "needs a secret"),
        ])
    func lacks(keys: String, reason: String) throws {
        let found = try exported("secrets: [KEY]\njobs:\n  app:\n    type: service\n    \(keys)\n")
        let text = found.file("deployment-app.yaml")
        #expect(text.contains("command: [shipkeeper, run]") && text.contains("# app is among them because") && text.contains(reason), "\(text)")
        try ObjectChecks.check(found.text(for: .kubernetes), in: TemporaryFolder(), keys)
    }

    @Test(
        "what is tied to another job stays with it",
        arguments: [
            "a: { type: service, with: { command: [a] } }\n  b: { type: command, needs: a, on: { every: 1h }, with: { command: [b] } }",
            "a: { type: command, group: g, on: { every: 1h }, with: { command: [a] } }\n  b: { type: command, group: g, on: { every: 1h }, with: { command: [b] } }",
            "a: { type: command, on: { every: 1h }, with: { command: [a] } }\n  b: { type: command, on: { after: a }, with: { command: [b] } }",
            "a: { type: command, on: { every: 1h }, with: { command: [a] } }\n  b: { type: notify, on: { after: { job: \"*\" } }, with: { url: x } }",
            "a: { type: service, with: { command: [a, --listen, \"127.0.0.1:80\"] } }\n  b: { type: command, on: { every: 1h }, with: { shell: \"curl localhost\" } }",
            "a: { type: publish, on: boot, with: { folder: /data/site, to: { type: command, command: [x] } } }\n  b: { type: command, on: { every: 1h }, with: { shell: \"ls /data/site/x\" } }",
        ])
    func ties(jobs: String) throws {
        let found = try exported("jobs:\n  \(jobs)\n")
        #expect(
            found.files.contains { $0.text.contains("# shipkeeper keeps together: a, b\n") } && !found.files.contains { $0.name.hasPrefix("cronjob") },
            "\(found.files)")
    }

    // MARK: Schedules

    @Test("an independent job is a CronJob that says what its policies say")
    func cron() throws {
        let found = try exported(
            """
            timezone: Europe/Berlin
            jobs:
              a:
                type: command
                on: { cron: "30 2 * * 1-5,7" }
                timeout: 10m
                retry: { attempts: 3, backoff: 30s..1m, on: [error, interrupted] }
                overlap: replace
                catch_up: all
                jitter: 5m
                deadline: { start_within: 26h }
                with: { command: [a] }
              b: { type: command, on: { every: 15m }, catch_up: skip, overlap: queue, with: { command: [b] } }
              c: { type: webhook, on: { cron: "0 * * * *" }, start_deadline: 10m, with: { url: x } }
            """, name: "jobs")
        let a = try #require(try node(found, "cronjob-jobs-a.yaml")["spec"])
        #expect(a["schedule"]?.text == "30 2 * * 0-5" && a["timeZone"]?.text == "Europe/Berlin" && a["concurrencyPolicy"]?.text == "Replace")
        #expect(a["startingDeadlineSeconds"]?.text == "8640000")
        let job = try #require(a["jobTemplate"]?["spec"])
        #expect(job["backoffLimit"]?.text == "0" && job["activeDeadlineSeconds"]?.text == "\(3 * 600 + 30 + 60 + 120)")
        #expect(job["podFailurePolicy"]?["rules"]?.elements?.first?["action"]?.text == "Ignore")
        let b = try #require(try node(found, "cronjob-jobs-b.yaml")["spec"])
        #expect(b["schedule"]?.text == "*/15 * * * *" && b["startingDeadlineSeconds"]?.text == "60" && b["concurrencyPolicy"]?.text == "Forbid")
        #expect(b["jobTemplate"]?["spec"]?["podFailurePolicy"] == nil && b["jobTemplate"]?["spec"]?["activeDeadlineSeconds"] == nil)
        #expect(try node(found, "cronjob-jobs-c.yaml")["spec"]?["startingDeadlineSeconds"]?.text == "600")
        for (line, words) in [
            (10, "catch_up: all has no counterpart"), (11, "jitter has no counterpart"), (12, "deadline has no counterpart"), (6, "clocks skip"),
            (14, "every: 15m becomes"),
            (14, "overlap: queue has no counterpart"), (15, "remembered"), (4, "history"),
        ] {
            #expect(found.words.contains { $0.hasPrefix("shipkeeper.yaml:\(line):") && $0.contains(words) }, "\(line) \(words) in \(found.words)")
        }
        try ObjectChecks.check(found.text(for: .kubernetes), in: TemporaryFolder(), "schedules")
    }

    @Test(
        "what cron can't say keeps a job with shipkeeper",
        arguments: [
            "every: 16m", "every: 90s", "every: 5h", "cron: \"0 3 L * *\"", "cron: \"30 0 3 * * *\"", "cron: \"0 3 */2 * 1\"",
            "cron: [\"0 3 * * *\", \"0 4 * * *\"]",
        ])
    func keptSchedules(schedule: String) throws {
        let found = try exported("jobs:\n  a: { type: command, on: { \(schedule) }, with: { command: [a] } }\n")
        #expect(found.file("statefulset-a.yaml").contains("# a is among them because"), "\(found.files)")
    }

    @Test(
        "fields of cron as Kubernetes reads them",
        arguments: [
            ("@daily", "0 0 * * *"), ("*/5 * * * *", "*/5 * * * *"), ("0 9-17 * * MON-FRI", "0 9-17 * * 1-5"), ("5 4 * JAN,MAR SUN", "5 4 * 1,3 0"),
            ("0 0 1,15 * 5", "0 0 1,15 * 5"), ("10-50/20 */3 * * 6-7", "10,30,50 */3 * * 0,6"), ("0 0 ? * *", "0 0 * * *"), ("0 0 * * 1-7", "0 0 * * *"),
        ])
    func fields(written: String, expected: String) throws {
        let found = try exported("jobs:\n  a: { type: command, on: { cron: \"\(written)\" }, with: { command: [a] } }\n")
        let spec = try node(found, "cronjob-a.yaml")["spec"]
        #expect(spec?["schedule"]?.text == expected && spec?["timeZone"]?.text == "UTC")
        #expect(found.words.contains { $0.contains("no time zone is named") }, "\(found.words)")
    }

    @Test("the pod that keeps the rest gets the secrets of what is switched off too, and none that only others need")
    func keptSecrets() throws {
        let found = try exported(
            """
            secrets: [ONE, TWO, THREE]
            jobs:
              app: { type: service, secrets: [ONE], with: { command: [a], ready: { notify: true } } }
              off: { type: command, enabled: false, on: boot, secrets: [TWO], with: { command: [b] } }
              hourly: { type: command, on: { cron: "@hourly" }, secrets: [THREE], with: { command: [c] } }
            """)
        let keys = { (file: String) in found.file(file).matches(of: /key: (\w+)/).map { String($0.1) } }
        #expect(keys("statefulset-app.yaml") + keys("deployment-app.yaml") == ["ONE", "TWO"] && keys("cronjob-app-hourly.yaml") == ["THREE"])
    }

    // MARK: Names and what is left out

    @Test("names of jobs in any script become names of objects, no two alike")
    func names() throws {
        let jobs = ["备份", "My_Job", "my-job", "9to5", String(repeating: "x", count: 64)].map {
            "  \($0): { type: command, on: { every: 1h }, with: { command: [a] } }"
        }
        let found = try exported("jobs:\n\(jobs.joined(separator: "\n"))\n", name: "app")
        try ObjectChecks.check(found.text(for: .kubernetes), in: TemporaryFolder(), "names")
        #expect(found.files.filter { $0.name.hasPrefix("cronjob") }.count == 5)
        #expect(found.text(for: .kubernetes).contains("command: [shipkeeper, exec, \"备份\"]"))
    }

    @Test("a job that only a person starts is left out where no shipkeeper runs, and one that is switched off too")
    func left() throws {
        let found = try exported(
            "actions: { x: { command: [x] } }\njobs:\n  a: { type: command, with: { command: [a] } }\n  b: { type: command, enabled: false, on: { every: 1h }, with: { command: [b] } }\n"
        )
        #expect(
            found.words.contains { $0.hasPrefix("shipkeeper.yaml:4:3: error: a is left out") }
                && found.words.contains { $0.hasPrefix("shipkeeper.yaml:5:3: warning: b is left out") })
        #expect(found.words.contains { $0.contains("error: actions are left out") }, "\(found.words)")
        let kept = try exported(
            "jobs:\n  a: { type: command, with: { command: [a] } }\n  app: { type: service, with: { command: [b], ready: { notify: true } } }\n")
        #expect(kept.words.allSatisfy { !$0.contains("left out") } && kept.file("deployment-app.yaml").isEmpty, "\(kept.words)")
    }

    // MARK: Variables

    @Test("variables of the file are in a ConfigMap; those that say something of this machine are named, and secrets by any name are references")
    func variables() throws {
        let found = try exported(
            """
            jobs:
              a: { type: command, on: { every: 1h }, env: { A: "${HOME}", B: "${PLACE:-x}", C: "${MY_PASSWORD}", D: "${UNSET:-y}" }, with: { command: [a] } }
            """, given: ["PLACE": "here", "OF_THE_APP": "who-knows-what"], machine: ["HOME": "/home/me", "MY_PASSWORD": "of-the-machine", "OTHER": "z"])
        let data = try #require(try node(found, "configmap-a-environment.yaml")["data"]?.entries)
        #expect(data.map { "\($0.key)=\($0.value.text ?? "")" } == ["HOME=/home/me", "PLACE=here"])
        // What the file does not name may be a secret, and a pod starts without it.
        #expect(
            found.file("cronjob-a.yaml").contains("key: OF_THE_APP\n                      optional: true")
                && !found.text(for: .kubernetes).contains("who-knows-what"))
        #expect(found.words.contains { $0.hasPrefix("shipkeeper.yaml:3:") && $0.contains("HOME has the value of this machine") }, "\(found.words)")
        #expect(!found.text(for: .kubernetes).contains("of-the-machine") && found.file("cronjob-a.yaml").contains("key: MY_PASSWORD"), "\(found.files)")
    }
}
