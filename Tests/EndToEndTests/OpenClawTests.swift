import Foundation
import TestSupport
import Testing

/// The example with OpenClaw as its user has it, with stand-ins for the Hub, the bucket and the gateway.
@Suite("the example with OpenClaw", .waiting, .serialized)
struct OpenClawTests {
    enum Era: String, CaseIterable, CustomTestStringConvertible {
        case early = "A"
        case late = "C"
        var testDescription: String { "era \(rawValue)" }
    }

    /// One user: a dataset that stays, and containers that come and go.
    private final class World: Sendable {
        static let port = Port.reserve()
        static let otherPort = Port.reserve()
        /// At which nginx asks the gateway, by public port.
        static let gatewayPorts = [port: Port.reserve(), otherPort: Port.reserve()]
        static var gatewayPort: Int { gatewayPorts[port] ?? 0 }
        static let token = "gateway-token-for-tests"
        static let password = "password-of-the-backups"

        let hub: StandInHub
        let folder: TemporaryFolder
        let era: Era

        init(_ era: Era = .late, _ account: Account = .root, create: Bool = true) async throws {
            self.era = era
            folder = TemporaryFolder(for: account)
            hub = try StandInHub()
            if create { try await hub.create() }
            try folder.write("standin.json", "{}")
        }

        var example: String { (try? String(contentsOfFile: SourceTree.examples + "/openclaw-space/shipkeeper.yaml", encoding: .utf8)) ?? "" }

        /// - Parameter container: A folder that is a container's disk: its home and its state.
        func environment(_ container: String, port: Int = World.port, _ more: [String: String] = [:]) -> [String: String] {
            [
                "HF_ENDPOINT": hub.endpoint, "HF_DATASET": "alice/backup", "HF_TOKEN": StandInHub.writeToken, "RESTIC_PASSWORD": World.password,
                "OPENCLAW_GATEWAY_TOKEN": World.token, "MINIMAX_API_KEY": "minimax-key-for-tests", "HOME": folder[container],
                "SHIPKEEPER_STATE": folder["\(container)/state"], "PORT": "\(port)",
                "GATEWAY_PORT": "\(World.gatewayPorts[port] ?? 0)",
                "SPACE_ID": "alice/assistant", "SPACE_HOST": "alice-assistant.hf.space", "SHIPKEEPER_PLUGINS": SourceTree.plugins,
                "SHIPKEEPER_SKILLS": SourceTree.examples + "/openclaw-space/skills",
                "OPENCLAW_PROGRAM": SourceTree.standIns + "/StandInGateway/openclaw", "STANDIN_ERA": era.rawValue, "STANDIN_LOOPBACK_ONLY": "1",
                "STANDIN_FILE": folder["standin.json"], "STANDIN_COUNTER": folder["\(container)"], "STANDIN_WRITE_SECONDS": "0.2",
            ].merging(more) { _, new in new }
        }

        /// Faults of the gateway from now on.
        func gateway(_ json: String) throws { try folder.write("standin.json", json) }

        /// The restic program on what is stored.
        func restic(_ line: String) throws -> Shell.Result { try hub.restic(line, password: World.password, in: folder) }

        /// Starts a container, with the example as it is but for `changes`.
        func start(
            _ container: String, port: Int = World.port, changes: [(String, String)] = [], _ more: [String: String] = [:], stopBudget: String? = "2m"
        ) throws -> Container {
            var text = example
            for (old, new) in changes {
                #expect(text.contains(old), "the example has no \(old)")
                text = text.replacing(old, with: new)
            }
            try folder.run("mkdir -p '\(folder[container])'")
            return try Container(self, container, text, environment(container, port: port, more), stopBudget)
        }
    }

    private final class Container {
        let program: RunningProgram
        let disk: TemporaryFolder
        let path: String
        let name: String

        init(_ world: World, _ name: String, _ configuration: String, _ environment: [String: String], _ stopBudget: String?) throws {
            (disk, self.name, path) = (world.folder, name, world.folder[name])
            // Each container writes a log of its own.
            let folder = TemporaryFolder(for: world.folder.account)
            program = try RunningProgram(configuration, in: folder, environment: environment, stopBudget: stopBudget)
        }

        var log: String { program.log }
        var state: String { path + "/.openclaw" }

        func says(_ words: String) throws -> Bool { try program.says(words) }

        func ask(_ words: String, _ environment: [String: String] = [:]) throws -> Shell.Result {
            try Shell.run(
                "\(disk.account.commandPrefix)'\(SourceTree.program)' \(words) --state '\(path)/state'",
                environment: disk.account.environment.merging(environment) { $1 })
        }

        func isUp(_ port: Int = World.port) throws -> Bool { try program.until("curl -fs -m 60 http://127.0.0.1:\(port)/healthz") }

        /// Waits until its supervisor has asked so many more times whether it lives.
        func isProbed(times: Int) throws -> Bool {
            func probes() throws -> Int { try Int(Shell.run("curl -s http://127.0.0.1:\(World.port)/_standin/state | jq .probes").output.trimmed) ?? 0 }
            let before = try probes()
            return try program.until("test $(curl -s http://127.0.0.1:\(World.port)/_standin/state | jq .probes) -ge \(before + times)")
        }

        func status(of job: String) throws -> String {
            try Shell.run("'\(SourceTree.program)' status --json --state '\(path)/state' | jq -r '.data.jobs[] | select(.name == \"\(job)\") | .state'").output
                .trimmed
        }

        func becomes(_ state: String, _ job: String = "gateway") throws -> Bool {
            try program.until(
                "'\(SourceTree.program)' status --json --state '\(path)/state' | jq -e '.data.jobs[] | select(.name == \"\(job)\") | .state == \"\(state)\"'")
        }

        /// One try to log in at the console.
        func connect(device: String = "browser", origin: String = "https://alice-assistant.hf.space", token: String = World.token, port: Int = World.port)
            throws -> String
        {
            try Shell.run("curl -s -o /dev/null -w '%{http_code}' 'http://127.0.0.1:\(port)/_standin/connect?token=\(token)&origin=\(origin)&device=\(device)'")
                .output
        }

        func setting(_ key: String) throws -> String {
            try Shell.run("jq -c '\(key)' '\(state)/openclaw.json'").output.trimmed
        }

        func stop() -> Int32 { program.stop() }

        /// Kills the program with its process 1, and the services that nothing ends then.
        func loseProgram() throws {
            let front = try Shell.run(
                "'\(SourceTree.program)' status --json --state '\(path)/state' | jq '.data.jobs[] | select(.name == \"front\") | .process'"
            ).output.trimmed
            let gateway = try Shell.run("curl -s http://127.0.0.1:\(World.port)/_standin/state | jq .pid").output.trimmed
            try program.killAll()
            // nginx takes its workers along at SIGTERM alone.
            _ = try Shell.run("kill -TERM \(front); kill -9 \(gateway)")
            #expect(try RunningProgram.until("! curl -s -m 1 http://127.0.0.1:\(World.port)/"))
        }
    }

    // MARK: Boot to stop

    @Test(
        "first deploy with an empty dataset: settings, gateway, login, backup, stop; and all is back in a new container", .limited,
        arguments: Era.allCases, Account.allCases)
    func firstDeploy(era: Era, account: Account) async throws {
        let world = try await World(era, account)
        let first = try world.start("one")
        #expect(try first.says("restore: succeeded: empty"), "\(first.log)")
        #expect(try first.isUp() && first.becomes("ready"), "\(first.log)")
        #expect(first.log.contains("Hugging Face Space (port \(World.port), https://alice-assistant.hf.space, stop budget "), "\(first.log)")
        #expect(
            try first.setting(".gateway.mode") == "\"local\"" && first.setting(".gateway.bind") == "\"loopback\""
                && first.setting(".gateway.port") == "\(World.gatewayPort)" && first.setting(".gateway.trustedProxies") == "[\"127.0.0.1\",\"::1\"]")
        // Without SHIPKEEPER_TOKEN nothing is switched off, and the page can be read, without logs.
        let page = try Shell.run("curl -s http://127.0.0.1:\(World.port)/-/").output
        #expect(page.contains("No token is set") && page.contains("gateway"), "\(page)")
        #expect(try first.setting(".models.providers.minimax.apiKey") == "\"${MINIMAX_API_KEY}\"", "the key itself stands in the file")
        #expect(try first.setting(".agents.defaults.model.primary") == "\"minimax/MiniMax-M2.7\"")
        // One file for all versions: what this one does not know was left out, and told.
        #expect(try first.setting(".gateway.terminal") == (era == .early ? "null" : "{\"enabled\":false}"))
        if era == .early { #expect(first.log.contains("rejected and left out: gateway.terminal"), "\(first.log)") }
        #expect(try Shell.run("stat -c %a '\(first.state)/openclaw.json'; ls '\(first.state)/skills'").output == "600\nshipkeeper\n")
        #expect(try first.connect(token: "wrong") == "401" && first.connect(origin: "https://elsewhere.example") == "403")
        // Only what it was granted, and no sign of systemd.
        let seen = try Shell.run("curl -s http://127.0.0.1:\(World.port)/_standin/state | jq -r '.environment[]'").output
        #expect(seen.contains("OPENCLAW_GATEWAY_TOKEN") && seen.contains("MINIMAX_API_KEY") && seen.contains("OPENCLAW_NO_RESPAWN"))
        #expect(!seen.contains("HF_TOKEN") && !seen.contains("RESTIC_") && !seen.contains("OSS_") && !seen.contains("INVOCATION_ID"), "\(seen)")
        try world.folder.write("one/.openclaw/workspace/notes.md", "remember me")
        try world.folder.write("one/.config/openclaw/key", "the key to the logins")
        try world.folder.write("one/.openclaw/logs/gateway.log", "not worth keeping")
        let backup = try first.ask("start backup --wait")
        #expect(backup.status == 0 && backup.output.contains("stored"), "\(backup)")
        try world.folder.write("one/.openclaw/workspace/late.md", "in the last minute")
        #expect(first.stop() == 0)
        #expect(first.log.contains("backup: succeeded: stored"), "\(first.log)")
        for secret in [World.token, World.password, StandInHub.writeToken, "minimax-key-for-tests"] { #expect(!first.log.contains(secret)) }
        // What was stored can be read without us.
        let check = try world.restic("check --read-data")
        #expect(check.status == 0 && check.output.contains("no errors were found"), "\(check)")
        let restored = try world.restic("restore latest --target '\(world.folder["by-hand"])'")
        #expect(restored.status == 0 && world.folder.read("by-hand/.openclaw/workspace/late.md") == "in the last minute", "\(restored)")
        #expect(world.folder.read("by-hand/.config/openclaw/key") == "the key to the logins")

        let second = try world.start("two")
        #expect(try second.says("restore: succeeded: restored") && second.isUp(), "\(second.log)")
        #expect(
            world.folder.read("two/.openclaw/workspace/notes.md") == "remember me"
                && world.folder.read("two/.openclaw/workspace/late.md") == "in the last minute")
        #expect(world.folder.read("two/.config/openclaw/key") == "the key to the logins" && world.folder.read("two/.openclaw/logs/gateway.log") == nil)
        // The conversation is whole, whatever was being written when it was stored.
        let words =
            era == .early
            ? "jq -c . '\(second.state)/agents/main/sessions/s1.jsonl' | wc -l"
            : "sqlite3 '\(second.state)/state/openclaw.sqlite' 'PRAGMA quick_check; SELECT count(*) > 0 FROM messages' | grep -c -e ok -e 1"
        let whole = try Shell.run(words)
        #expect(whole.status == 0 && (Int(whole.output.trimmed) ?? 0) >= (era == .early ? 1 : 2), "\(whole)")
        #expect(second.stop() == 0)
    }

    @Test("a browser is let in while APPROVE_DEVICES is set, and not without", .limited)
    func devices() async throws {
        let world = try await World(.late)
        let closed = try world.start("one")
        #expect(try closed.isUp() && closed.becomes("ready"))
        #expect(try closed.connect() == "403")
        #expect(closed.stop() == 0)
        let open = try world.start("one", changes: [("on: { every: 30s }", "on: { every: 1s }")], ["APPROVE_DEVICES": "true"])
        #expect(try open.isUp() && open.becomes("ready"))
        _ = try open.connect(device: "mine")
        #expect(
            try RunningProgram.until(
                "curl -fs 'http://127.0.0.1:\(World.port)/_standin/connect?token=\(World.token)&origin=https://alice-assistant.hf.space&device=mine'"
            ),
            "\(open.log)")
        #expect(try open.says("devices: succeeded: let in:"), "\(open.log)")
        #expect(open.stop() == 0)
        // In the first versions the token alone can be enough, where somebody wants that.
        let early = try await World(.early)
        let gateway = try early.start("one", ["DISABLE_DEVICE_AUTH": "true"])
        #expect(try gateway.isUp() && gateway.becomes("ready") && gateway.connect() == "200")
        #expect(gateway.stop() == 0)
    }

    @Test(
        "a migration from what a script has stored in two uploads: on in restic's format as init writes it, or in the script's", .limited,
        arguments: ["restic", "archive"], Account.allCases)
    func migration(format: String, account: Account) async throws {
        let world = try await World(.early, account)
        _ = try Shell.run(
            """
            mkdir -p old/.openclaw/agents/main/sessions old/.openclaw/workspace && cd old/.openclaw && echo 'my notes' > workspace/notes.md
            printf '{"role":"user","text":"hello"}\\n' > agents/main/sessions/s1.jsonl
            echo '{"gateway": {"mode": "local", "bind": "lan", "port": 7860, "controlUi": {"allowedOrigins": ["https://mine.example"], "dangerouslyDisableDeviceAuth": true}}, "models": {"mode": "replace", "providers": {"cloud": {"api": "anthropic-messages", "baseUrl": "https://relay.example", "apiKey": "sk-1", "models": []}}}}' > openclaw.json
            """, folder: world.folder.path)
        let stored = try Shell.run(
            "'\(Shell.python)' '\(SourceTree.root)/Tests/TestSupport/StandInHub/script_of_today.py' backup '\(world.folder["old"])' .openclaw",
            environment: world.environment("old"))
        #expect(stored.status == 0, "\(stored.errors)")
        let asArchives = [("    format: restic\n    password: \"${RESTIC_PASSWORD}\"\n", "    format: archive\n")]
        let container = try world.start("one", changes: format == "archive" ? asArchives : [])
        #expect(try container.says("restore: succeeded: restored") && container.isUp(), "\(container.log)")
        #expect(world.folder.read("one/.openclaw/workspace/notes.md") == "my notes\n")
        // Theirs stays, ours comes to it.
        #expect(try container.setting(".gateway.controlUi.allowedOrigins") == "[\"https://mine.example\",\"https://alice-assistant.hf.space\"]")
        #expect(try container.setting(".models.mode") == "\"replace\"" && container.setting(".models.providers.cloud.apiKey") == "\"sk-1\"")
        #expect(try container.setting(".gateway.port") == "\(World.gatewayPort)")
        try world.folder.write("one/.openclaw/workspace/notes.md", "my newer notes\n")
        #expect(try container.ask("start backup --wait").status == 0, "\(container.log)")
        let backups = try Shell.run(
            "'\(SourceTree.program)' backups", environment: world.environment("one", ["SHIPKEEPER_CONFIG": container.program.folder["shipkeeper.yaml"]]))
        #expect(backups.status == 0, "\(backups)")
        if format == "archive" { #expect(backups.output.split(separator: "\n").count >= 3, "the script's backup is still there") }
        #expect(container.stop() == 0)
        // The script reads what we store as it does, and its own backup where we store as restic does.
        let back = try Shell.run(
            "mkdir back && '\(Shell.python)' '\(SourceTree.root)/Tests/TestSupport/StandInHub/script_of_today.py' restore '\(world.folder["back"])' .openclaw",
            environment: world.environment("old"), folder: world.folder.path)
        #expect(back.status == 0, "\(back.errors)")
        #expect(world.folder.read("back/.openclaw/workspace/notes.md") == (format == "archive" ? "my newer notes\n" : "my notes\n"))
        guard format == "restic" else { return }
        let byHand = try world.restic("restore latest --target '\(world.folder["by-hand"])'")
        #expect(byHand.status == 0 && world.folder.read("by-hand/.openclaw/workspace/notes.md") == "my newer notes\n", "\(byHand)")
    }

    // MARK: Trouble at boot

    @Test("token expired: the gateway waits, backups are locked, and the words help", .limited, arguments: Account.allCases)
    func expired(account: Account) async throws {
        let world = try await World(.late, account)
        let container = try world.start("one", ["HF_TOKEN": "hf_expired_long_ago"])
        #expect(try container.says("restore: failed: the token for 127.0.0.1 is not accepted"), "\(container.log)")
        #expect(try container.becomes("waiting"))
        // The port answers all the same, and says what is wrong without a secret.
        #expect(try container.program.until("curl -s http://127.0.0.1:\(World.port)/ | grep -qi 'restore'"), "\(container.log)")
        #expect(
            try Shell.run(
                "curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:\(World.port)/; curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:\(World.port)/healthz"
            )
            .output == "200503")
        let status = try container.ask("status")
        #expect(status.output.contains("make a new one with write access") && status.output.contains("restore"), "\(status.output)")
        let backup = try container.ask("start backup --wait")
        #expect(backup.status != 0 && (backup.output + backup.errors).contains("needs restore"), "\(backup)")
        #expect(container.stop() == 0)
        #expect(!container.log.contains("hf_expired_long_ago"))
        // By a variable it starts all the same, and still stores nothing.
        let locked = try world.start("two", ["HF_TOKEN": "hf_expired_long_ago", "ON_RESTORE_FAILURE": "start_locked"])
        #expect(try locked.isUp())
        let refused = try locked.ask("start backup --wait")
        #expect(refused.status == 1 && refused.errors.contains("are locked"), "\(refused)")
        #expect(locked.stop() == 0)
    }

    @Test("a Hub that can't be reached is asked again, and the log says so each time", .limited)
    func unreachable() async throws {
        let world = try await World()
        let container = try world.start(
            "one",
            changes: [
                ("retry: { attempts: 100, backoff: 30s..10m }", "retry: { attempts: 100, backoff: 1s..2s }"),
                ("      on_failure:", "      give_up_after: 0s\n      on_failure:"),
            ],
            ["HF_ENDPOINT": "http://127.0.0.1:9"])
        #expect(try container.says("restore: warning: 127.0.0.1"), "\(container.log)")
        #expect(try container.says("; retrying in "), "\(container.log)")
        #expect(try container.becomes("waiting"))
        #expect(try container.program.until("'\(SourceTree.program)' status --state '\(container.path)/state' | grep 'failed, and will be retried:'"))
        #expect(container.stop() == 0)
    }

    @Test("a missing secret switches off the jobs that need it, a typo starts nothing, and both are named", .limited)
    func mistakes() async throws {
        let world = try await World()
        let container = try world.start("one", ["MINIMAX_API_KEY": ""])
        #expect(try container.says("gateway: warning: disabled: the secret MINIMAX_API_KEY is not set"), "\(container.log)")
        #expect(try container.says("restore: succeeded"), "\(container.log)")
        #expect(try container.ask("status").output.contains("set it in the container's secrets and restart"))
        #expect(try container.ask("start backup --wait").output.contains("stored") == true, "\(container.log)")
        #expect(container.stop() == 0)
        let typo = try world.start("two", changes: [("    needs: settings\n", "    need: settings\n"), ("every: 30m", "every: 30 minutes")])
        #expect(try typo.says("nothing was started but the public port"), "\(typo.log)")
        let page = "curl -s http://127.0.0.1:\(World.port)/ | grep 'The configuration has 2 mistakes'"
        #expect(try typo.program.until(page), "\(typo.log)")
        #expect(
            typo.log.contains("unknown key \"need\" in \"gateway\"; did you mean \"needs\"?")
                && typo.log.contains("\"30 minutes\"; write a duration such as 30s, 5m or 1h30m"), "\(typo.log)")
        #expect(typo.stop() == 0)
        let nameless = try world.start("three", changes: [("dataset: \"${HF_DATASET}\"", "dataset: \"${HF_DATA}\"")])
        #expect(try nameless.says("the environment variable HF_DATA is not set"), "\(nameless.log)")
        #expect(nameless.stop() == 0)
    }

    @Test("safe mode starts nothing, and the backups can be looked at and taken out", .limited, arguments: Account.allCases)
    func safeMode(account: Account) async throws {
        let world = try await World(.late, account)
        let before = try world.start("one")
        #expect(try before.isUp())
        try world.folder.write("one/.openclaw/workspace/notes.md", "remember me")
        #expect(before.stop() == 0)
        let commits = try await world.hub.log().filter { $0.path.contains("/commit/") }.count
        let safe = try world.start("two", ["SHIPKEEPER_SAFE_MODE": "1"])
        #expect(try safe.says("safe mode: nothing is restored, started or backed up"))
        // The log says it before the socket is there.
        #expect(try safe.program.until("'\(SourceTree.program)' status --state '\(safe.path)/state'"), "\(safe.log)")
        let status = try safe.ask("status")
        #expect(status.status == 0 && status.output.contains("safe mode: nothing is restored, started or backed up"), "\(status)")
        #expect(status.output.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(status.output)")
        let environment = world.environment("two", ["SHIPKEEPER_SAFE_MODE": "1", "SHIPKEEPER_CONFIG": safe.program.folder["shipkeeper.yaml"]])
        let backups = try Shell.run("'\(SourceTree.program)' backups", environment: environment)
        #expect(backups.status == 0 && !backups.output.isEmpty, "\(backups)")
        let out = try safe.ask("restore --to '\(world.folder["two/out"])'", environment)
        #expect(out.status == 0 && world.folder.read("two/out/.openclaw/workspace/notes.md") == "remember me", "\(out)")
        for words in ["start backup --wait", "start gateway --wait", "restore --at latest"] {
            let refused = try safe.ask(words, environment)
            #expect(refused.status == 1 && (refused.output + refused.errors).contains("safe mode"), "\(words): \(refused)")
        }
        #expect(safe.stop() == 0)
        #expect(world.folder.read("two/.openclaw/openclaw.json") == nil)
        #expect(try await world.hub.log().filter { $0.path.contains("/commit/") }.count == commits, "something was stored")
    }

    @Test("stale locks of another container are gone before the first start", .limited, arguments: Account.allCases)
    func staleLocks(account: Account) async throws {
        let world = try await World(.early, account)
        // A lock that names a process which is alive here: ids begin anew in each container.
        let lock = "{\"pid\": \(ProcessInfo.processInfo.processIdentifier), \"createdAt\": \"2026-01-01T00:00:00Z\"}"
        for name in ["agents/main/sessions/s1.jsonl.lock", "gateway.abc.lock", "x.sock", "y.pid"] { try world.folder.write("one/.openclaw/\(name)", lock) }
        try world.folder.write("one/.openclaw/workspace/yarn.lock", "a list of versions")
        let container = try world.start("one")
        #expect(try container.isUp() && container.becomes("ready"), "\(container.log)")
        #expect(container.log.contains("removed before the first start: "), "\(container.log)")
        #expect(world.folder.read("one/.openclaw/workspace/yarn.lock") == "a list of versions")
        #expect(container.stop() == 0)
    }

    // MARK: Trouble while it runs

    @Test("exit 0 is a restart at once; a process that is left behind at the port is kept as the gateway", .limited, arguments: ["0", "1.5"])
    func detachedChild(gap: String) async throws {
        let world = try await World(.early)
        // As the first versions do where nothing tells them that somebody looks after them.
        let container = try world.start("one", changes: [("      OPENCLAW_NO_RESPAWN: \"1\"", "      OPENCLAW_NO_RESPAWN:")], ["STANDIN_GAP_SECONDS": gap])
        #expect(try container.isUp() && container.becomes("ready"))
        func process() throws -> String { try Shell.run("curl -s http://127.0.0.1:\(World.port)/_standin/state | jq .pid").output.trimmed }
        let first = try process()
        _ = try Shell.run("kill -USR1 \(first)")
        #expect(try container.says("which listens at port \(World.gatewayPort): that is the service from now on"), "\(container.log)")
        #expect(try container.isUp() && container.becomes("ready"))
        let second = try process()
        #expect(second != first && !second.isEmpty)
        #expect(try Shell.run("wc -l < '\(container.path)/starts'").output.trimmed == "2", "it was started beside the one that was left: \(container.log)")
        // It is looked after like one of our own: its end is noticed, it is started again, and it stops with us.
        _ = try Shell.run("kill -9 \(second)")
        #expect(try container.says("it was ended by SIGKILL") && container.isUp(), "\(container.log)")
        #expect(try container.becomes("ready"))
        let third = try process()
        _ = try Shell.run("kill -USR1 \(third)")
        #expect(try RunningProgram.until("test $(curl -s http://127.0.0.1:\(World.port)/_standin/state | jq .pid) != \(third)"))
        #expect(container.stop() == 0)
        #expect(try Shell.run("curl -s -m 1 http://127.0.0.1:\(World.port)/healthz").status != 0, "something outlived the container")
    }

    @Test("crash loop: it waits longer each time, is repaired once, and is given up in the end", .limited)
    func crashLoop() async throws {
        let world = try await World()
        try world.gateway("{\"STANDIN_EXIT\": \"1\", \"STANDIN_EXIT_AFTER\": \"0\"}")
        let container = try world.start("one", changes: [("backoff: 5s..60s, give_up_after: 10 in 10m", "backoff: 100ms..400ms, give_up_after: 8 in 10m")])
        #expect(try container.says("repairing with: cd"), "\(container.log)")
        #expect(try container.says("gave up after 8 exits within 10m"), "\(container.log)")
        #expect(try container.becomes("given up"))
        let log = container.log
        #expect(log.components(separatedBy: "repairing with:").count == 2, "\(log)")
        for wait in ["in 100ms", "in 200ms", "in 400ms"] { #expect(log.contains("starting again \(wait)"), "\(wait) is not in \(log)") }
        #expect(world.folder.read("one/.openclaw/openclaw.json.before-doctor") != nil)
        #expect(try container.ask("status").output.contains("given up"))
        // All else goes on, and a person can start it again.
        #expect(try container.ask("start backup --wait").status == 0)
        try world.gateway("{}")
        #expect(try container.ask("start gateway --wait").output.contains("ready") && container.isUp())
        #expect(container.stop() == 0)
    }

    @Test("exit 78: repaired once, and then it waits for somebody", .limited)
    func badSettings() async throws {
        let world = try await World()
        let container = try world.start("one")
        #expect(try container.isUp() && container.becomes("ready"))
        // What a newer version no longer knows, in the file of an older one.
        _ = try Shell.run(
            "jq '.gateway.noLongerKnown = 1' '\(container.state)/openclaw.json' > x && cp x '\(container.state)/openclaw.json'", folder: world.folder.path)
        #expect(try container.ask("restart gateway").status == 0)
        #expect(try container.says("it exited with code 78; repairing with: cd"), "\(container.log)")
        #expect(try container.isUp() && container.becomes("ready"), "\(container.log)")
        #expect(try container.setting(".gateway.noLongerKnown") == "null")
        #expect(try Shell.run("jq .gateway.noLongerKnown '\(container.state)/openclaw.json.before-doctor'").output == "1\n")
        try world.gateway("{\"STANDIN_CRASH_AT_START\": \"78\"}")
        _ = try container.ask("restart gateway")
        #expect(try container.becomes("given up"), "\(container.log)")
        #expect(try container.ask("status").output.contains("not worth a restart"))
        #expect(container.stop() == 0)
    }

    @Test("killed, as for memory: what it used is told; a gateway that hangs is ended and started again", .limited)
    func killedAndHanging() async throws {
        let world = try await World()
        let container = try world.start(
            "one",
            changes: [("backoff: 5s..60s", "backoff: 100ms..1s"), ("every: 10s, timeout: 5s, failures: 5", "every: 500ms, timeout: 500ms, failures: 3")],
            ["STANDIN_GROW_MB": "60"])
        #expect(try container.isUp() && container.becomes("ready"))
        // Its memory is looked at every few seconds, and nothing outside tells when: it is killed until a look came before.
        var killed = 0
        for pause in [4.0, 8, 16, 32, 64] where !container.log.contains("it was seen using") {
            try await Task.sleep(for: .seconds(pause))
            _ = try Shell.run("kill -9 $(curl -s http://127.0.0.1:\(World.port)/_standin/state | jq .pid)")
            killed += 1
            #expect(try container.program.until("test $(grep -c 'it was ended by SIGKILL' '\(container.program.folder["log.txt"])') -ge \(killed)"))
            #expect(try container.isUp() && container.becomes("ready"))
        }
        #expect(container.log.contains("it was ended by SIGKILL; it was seen using"), "\(container.log)")
        try world.gateway("{\"STANDIN_HANG_AFTER\": \"0\"}")
        #expect(try container.says("3 live checks failed in a row"), "\(container.log)")
        try world.gateway("{}")
        #expect(try container.becomes("ready"), "\(container.log)")
        // A channel that is down is no reason for a restart.
        let starts = try Shell.run("wc -l < '\(container.path)/starts'").output
        try world.gateway("{\"STANDIN_UNREADY\": \"1\"}")
        #expect(try container.isProbed(times: 8), "\(container.log)")
        #expect(try container.status(of: "gateway") == "ready" && Shell.run("wc -l < '\(container.path)/starts'").output == starts)
        #expect(container.stop() == 0)
    }

    @Test(
        "SIGTERM: with 10 seconds and with 3 the last backup is stored and nothing is left, also when the gateway drains for long", .limited,
        arguments: [8.0, 2.5], Account.allCases)
    func stopping(least: Double, account: Account) async throws {
        let world = try await World(.late, account)
        let platform = ["SPACE_ID": "", "RAILWAY_PROJECT_ID": "p", "RAILWAY_PUBLIC_DOMAIN": "assistant.up.railway.app", "STANDIN_DRAIN_SECONDS": "24"]
        // The seconds are those of a machine that has nothing else to do: a busy one needs as many more as a backup takes longer there.
        let before = try world.start("one", platform)
        #expect(try before.isUp() && before.becomes("ready"))
        let start = ContinuousClock.now
        #expect(try before.ask("start backup --wait").status == 0)
        let took = ContinuousClock.now - start
        let budget = max(least, (took * 6 / .seconds(1)).rounded(.up))
        try before.loseProgram()

        let container = try world.start("one", platform.merging(["RAILWAY_DEPLOYMENT_DRAINING_SECONDS": "\(budget + 0.5)"]) { $1 }, stopBudget: nil)
        #expect(try container.isUp() && container.becomes("ready"))
        #expect(container.log.contains("stop budget \(budget == 2.5 ? "2s500ms" : "\(Int(budget))s")"), "\(container.log)")
        try world.folder.write("one/.openclaw/workspace/late.md", "in the last minute")
        let signal = ContinuousClock.now
        // The gateway is killed half a second before the end of the budget: a busy machine may need longer to see that it is gone.
        #expect(container.stop() == 0 || Machine.isBusy, "\(container.log)")
        if budget < 15 { #expect(ContinuousClock.now - signal < .seconds(24), "it waited until the gateway had drained") }
        #expect(container.log.contains("backup: succeeded: stored"), "\(container.log)")
        #expect(try Shell.run("curl -s -m 1 http://127.0.0.1:\(World.port)/healthz").status != 0)
        let next = try world.start("two")
        #expect(try next.isUp() && next.becomes("ready"))
        #expect(world.folder.read("two/.openclaw/workspace/late.md") == "in the last minute")
        #expect(next.stop() == 0)
    }

    @Test("the same file on another platform: the data move, and the address follows", .limited, arguments: Account.allCases)
    func moving(account: Account) async throws {
        let world = try await World(.late, account)
        let space = try world.start("one")
        #expect(try space.isUp() && space.becomes("ready"))
        try world.folder.write("one/.openclaw/workspace/notes.md", "remember me")
        #expect(space.stop() == 0)
        let render = try world.start(
            "two", port: World.otherPort,
            ["SPACE_ID": "", "SPACE_HOST": "", "RENDER_SERVICE_ID": "srv-1", "RENDER_EXTERNAL_URL": "https://assistant.onrender.com"])
        #expect(try render.isUp(World.otherPort) && render.becomes("ready"), "\(render.log)")
        #expect(render.log.contains("Render (port \(World.otherPort), https://assistant.onrender.com, stop budget "), "\(render.log)")
        #expect(world.folder.read("two/.openclaw/workspace/notes.md") == "remember me")
        #expect(
            try render.setting(".gateway.port") == "\(World.gatewayPorts[World.otherPort] ?? 0)"
                && render.setting(".gateway.controlUi.allowedOrigins | length") == "2")
        #expect(render.stop() == 0)
    }

    @Test("data on a disk that stayed, with the state gone: what is newer than the backup stays", .limited, arguments: Account.allCases)
    func lostState(account: Account) async throws {
        let world = try await World(.late, account)
        let first = try world.start("one")
        #expect(try first.isUp())
        try world.folder.write("one/.config/openclaw/key", "the key to the logins")
        #expect(try first.ask("start backup --wait").status == 0)
        try world.folder.write("one/.openclaw/workspace/newer.md", "after the backup")
        // As when a container is gone with all that ran in it.
        try first.loseProgram()
        _ = try Shell.run("rm -rf '\(world.folder["one/state"])' '\(world.folder["one/.config"])'")
        let second = try world.start("one")
        #expect(try second.says("newer than the backup of") && second.isUp(), "\(second.log)")
        #expect(world.folder.read("one/.openclaw/workspace/newer.md") == "after the backup")
        // What lay on another disk than the one that stayed is brought back.
        #expect(second.log.contains("restored what was missing"), "\(second.log)")
        #expect(world.folder.read("one/.config/openclaw/key") == "the key to the logins")
        #expect(try second.ask("start backup --wait").status == 0)
        #expect(second.stop() == 0)
        // The same where the state has stayed too.
        try world.folder.write("one/.openclaw/workspace/newest.md", "after the stop")
        _ = try Shell.run("rm -rf '\(world.folder["one/.config"])'")
        let again = try world.start("one")
        #expect(try again.says("newer than the backup of") && again.isUp(), "\(again.log)")
        #expect(
            world.folder.read("one/.openclaw/workspace/newest.md") == "after the stop"
                && world.folder.read("one/.config/openclaw/key") == "the key to the logins")
        #expect(again.stop() == 0)
        // A newer backup of another container wins over it.
        let other = try world.start("two")
        #expect(try other.isUp())
        try world.folder.write("two/.openclaw/workspace/other.md", "from the other one")
        #expect(other.stop() == 0)
        _ = try Shell.run("rm -rf '\(world.folder["one/state"])'")
        let third = try world.start("one")
        #expect(try third.says("restore: succeeded: restored") && third.isUp(), "\(third.log)")
        #expect(world.folder.read("one/.openclaw/workspace/other.md") == "from the other one")
        #expect(third.stop() == 0)
    }

    @Test(
        "rebuild overlap: what the old container stores last is taken over by the new one, and what that has is kept beside", .limited,
        arguments: Account.allCases)
    func overlap(account: Account) async throws {
        let world = try await World(.early, account)
        let first = try world.start("one")
        #expect(try first.isUp() && first.becomes("ready"))
        try world.folder.write("one/.openclaw/workspace/notes.md", "first")
        #expect(try first.ask("start backup --wait").status == 0)
        // The platform starts the new one while the old one still serves.
        let second = try world.start("two", port: World.otherPort, changes: [("      on_failure:", "      handover: 30s\n      on_failure:")])
        #expect(try second.isUp(World.otherPort) && second.becomes("ready"), "\(second.log)")
        try world.folder.write("one/.openclaw/workspace/notes.md", "written while both were there")
        try world.folder.write("two/.openclaw/workspace/new.md", "only in the new one")
        // A setting that the old one has lost comes back with its file, and must be put right again.
        try world.folder.run("jq 'del(.gateway.bind)' '\(first.state)/openclaw.json' > x && cat x > '\(first.state)/openclaw.json'")
        #expect(first.stop() == 0)
        #expect(first.log.contains("backup: succeeded: stored"), "\(first.log)")
        #expect(try second.says("another container has stored a newer backup since this one restored: taking it over"), "\(second.log)")
        #expect(try second.says("restore: taken over"), "\(second.log)")
        #expect(
            second.log.contains("backup: succeeded: stored next to the newer backup of another container") && !second.log.contains("refused"), "\(second.log)")
        #expect(try second.isUp(World.otherPort) && second.becomes("ready"), "\(second.log)")
        #expect(world.folder.read("two/.openclaw/workspace/notes.md") == "written while both were there")
        #expect(try second.setting(".gateway.bind") == "\"loopback\"")
        // From now on its backups are the newest, and what it had lies in the dataset with a tag.
        try world.folder.write("two/.openclaw/workspace/notes.md", "and on it goes")
        let backup = try second.ask("start backup --wait")
        #expect(backup.status == 0 && backup.output.contains("stored"), "\(backup)")
        let aside = try world.restic("snapshots --tag shipkeeper-conflict --json")
        #expect(aside.status == 0 && aside.output.contains("shipkeeper-conflict"), "\(aside)")
        #expect(second.stop() == 0)
        #expect(second.log.components(separatedBy: "taking it over").count == 2)
    }

    @Test("a takeover that meets a still newer backup takes that, and overwrites neither", .limited, arguments: Account.allCases)
    func overtakenTwice(account: Account) async throws {
        let world = try await World(.early, account)
        let first = try world.start("one")
        #expect(try first.isUp() && first.becomes("ready"))
        #expect(try first.ask("start backup --wait").status == 0)
        // While the new one waits for its gateway to end, the old one stores twice.
        let second = try world.start(
            "two", port: World.otherPort, changes: [("      on_failure:", "      handover: 60s\n      on_failure:")], ["STANDIN_DRAIN_SECONDS": "4"])
        #expect(try second.isUp(World.otherPort) && second.becomes("ready"), "\(second.log)")
        try world.folder.write("one/.openclaw/workspace/notes.md", "the second to last")
        #expect(try first.ask("start backup --wait").status == 0)
        #expect(try second.says("taking it over"), "\(second.log)")
        try world.folder.write("one/.openclaw/workspace/notes.md", "the last")
        #expect(first.stop() == 0)
        #expect(try RunningProgram.until("grep -q 'the last' '\(world.folder["two/.openclaw/workspace/notes.md"])'"), "\(second.log)")
        #expect(try second.says("restore: taken over") && second.isUp(World.otherPort) && second.becomes("ready"), "\(second.log)")
        try world.folder.write("two/.openclaw/workspace/more.md", "and more")
        #expect(try second.ask("start backup --wait").output.contains("stored") == true, "\(second.log)")
        #expect(second.stop() == 0)
        let third = try world.start("three")
        #expect(try third.isUp())
        #expect(world.folder.read("three/.openclaw/workspace/notes.md") == "the last" && world.folder.read("three/.openclaw/workspace/more.md") == "and more")
        #expect(third.stop() == 0)
    }

    @Test("a takeover that fails leaves all as it was, and backups go on to be refused", .limited, arguments: Account.allCases)
    func takeoverFails(account: Account) async throws {
        let world = try await World(.early, account)
        let first = try world.start("one")
        #expect(try first.isUp() && first.becomes("ready") && first.ask("start backup --wait").status == 0)
        let second = try world.start(
            "two", port: World.otherPort, changes: [("      on_failure:", "      handover: 60s\n      give_up_after: 0s\n      on_failure:")])
        #expect(try second.isUp(World.otherPort) && second.becomes("ready"), "\(second.log)")
        try world.folder.write("two/.openclaw/workspace/mine.md", "mine")
        try world.folder.write("one/.openclaw/workspace/notes.md", "newer")
        let faults = (0..<200).map { _ in "{\"kind\": \"403\", \"match\": \"/data/\"}" }.joined(separator: ", ")
        #expect(first.stop() == 0)
        try await world.hub.tell("faults", "[\(faults)]")
        #expect(
            try RunningProgram.until("test $(grep -c 'was not taken over as a whole' '\(second.program.folder["log.txt"])') -ge 2"),
            "\(second.log)")
        try await world.hub.tell("faults", "[]")
        #expect(world.folder.read("two/.openclaw/workspace/mine.md") == "mine")
        #expect(try second.isUp(World.otherPort) && second.becomes("ready"), "\(second.log)")
        let refused = try second.ask("start backup --wait")
        #expect(refused.status == 1 && refused.errors.contains("refused"), "\(refused)")
        #expect(try second.ask("status").output.contains("refused"))
        #expect(second.stop() == 0)
    }

    @Test("the blog is built and goes to a bucket when a post has changed", .limited, arguments: Account.allCases)
    func blog(account: Account) async throws {
        let world = try await World(.late, account)
        let oss = try StandInOSS()
        try oss.makeBucket("my-blog")
        let site = "one/.openclaw/workspace/blog"
        try world.folder.write("\(site)/package.json", "{\"hexo\": {\"version\": \"8.0.0\"}, \"dependencies\": {\"hexo\": \"8\"}}")
        try world.folder.write("\(site)/_config.yml", "title: x\nupdated_option: date\ntimezone: Asia/Shanghai\n")
        try world.folder.write("\(site)/node_modules/hexo/package.json", "{\"version\": \"8.0.0\"}")
        try world.folder.write("\(site)/source/_posts/a.md", "hello")
        // Hexo, as far as it matters here.
        try world.folder.write(
            "\(site)/node_modules/.bin/hexo",
            "#!/bin/sh\nmkdir -p public/a && cp source/_posts/a.md public/a/index.html && echo home > public/index.html && echo none > public/404.html\necho 'INFO  3 files generated in 1 ms'\n"
        )
        try world.folder.run("chmod +x '\(world.folder[site])/node_modules/.bin/hexo'")
        let container = try world.start(
            "one", changes: [("debounce: 2m", "debounce: 500ms")],
            [
                "BLOG": "true", "OSS_REGION": "cn-wuhan-lr", "OSS_BUCKET": "my-blog", "OSS_ENDPOINT": oss.endpoint, "OSS_ACCESS_KEY_ID": StandInOSS.keyID,
                "OSS_ACCESS_KEY_SECRET": StandInOSS.secret,
            ])
        #expect(try container.isUp() && container.becomes("ready"), "\(container.log)")
        let blog = try container.ask("start blog --wait")
        #expect(blog.status == 0 && blog.output.contains("3 files uploaded"), "\(blog)")
        try world.folder.write("\(site)/source/_posts/a.md", "hello again")
        #expect(try RunningProgram.until("curl -s '\(oss.endpoint)/my-blog/a/' | grep 'hello again'"), "\(container.log)")
        #expect(container.stop() == 0)
        #expect(!container.log.contains(StandInOSS.secret))
    }
}

extension String {
    fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
