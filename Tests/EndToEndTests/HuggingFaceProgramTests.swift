import Backups
import Buckets
import Files
import Foundation
import HTTPClient
import Storage
import TestSupport
import Testing

/// The whole program with a dataset, as its user has it.
@Suite("a dataset as the disk", .waiting, .serialized)
struct HuggingFaceProgramTests {
    private final class World: Sendable {
        let hub: StandInHub
        let folder: TemporaryFolder

        init(_ account: Account = .root, create: Bool = true) async throws {
            folder = TemporaryFolder(for: account)
            hub = try StandInHub()
            if create { try await hub.create() }
            try folder.run("mkdir data")
        }

        var environment: [String: String] { environment(StandInHub.writeToken) }

        func environment(_ token: String, dataset: String = "alice/backup") -> [String: String] {
            ["HF_ENDPOINT": hub.endpoint, "HF_DATASET": dataset, "HF_TOKEN": token]
        }

        /// - Parameter jobs: Beside the restore; four blanks in front of each line.
        func configuration(restore: String = "", jobs: String = "", repository: String = "", data: String = "data", state: String = "state") -> String {
            """
            version: 1
            state: \(folder[state])
            stop_budget: 60s
            secrets: [HF_TOKEN]
            repositories:
              main: { type: huggingface, dataset: "${HF_DATASET}", token: "${HF_TOKEN}"\(repository) }
            jobs:
              restore: { type: restore, on: boot, with: { repository: main, path: \(folder[data])/app\(restore) } }
            \(jobs)
            """
        }

        func backupJob(_ on: String = "boot", data: String = "data") -> String {
            "  backup: { type: backup, on: \(on), needs: restore, with: { repository: main, path: \(folder[data])/app } }"
        }

        let service = "  app: { type: service, needs: restore, with: { command: [sleep, \"1000\"] } }"

        func start(_ configuration: String, flags: [String] = [], token: String = StandInHub.writeToken, dataset: String = "alice/backup") throws
            -> RunningProgram
        {
            try RunningProgram(configuration, in: folder, flags: flags, environment: environment(token, dataset: dataset))
        }

        /// Waits for words in the log.
        func says(_ words: String) throws -> Bool { try RunningProgram.until("grep -qF -- '\(words)' '\(folder["log.txt"])'") }

        func forget() throws { try FileManager.default.removeItem(atPath: folder["log.txt"]) }

        /// Files that all hold the same number: a mixture of two trees shows.
        func write(_ number: Int, to place: String = "data") throws {
            for name in ["a", "b/c", "b/d", "e"] { try folder.write("\(place)/app/\(name)", "\(number) " + String(repeating: "x", count: 40_000 + number)) }
        }

        /// The number that all files hold; nil for a mixture, a lack, or nothing.
        func number(in place: String = "data") -> Int? {
            let numbers = ["a", "b/c", "b/d", "e"].map { name in
                folder.read("\(place)/app/\(name)").flatMap { text -> Int? in
                    guard let number = text.split(separator: " ").first.flatMap({ Int($0) }) else { return nil }
                    return text.utf8.count == "\(number) ".utf8.count + 40_000 + number ? number : nil
                }
            }
            return Set(numbers).count == 1 ? numbers[0] : nil
        }

        var repository: ArchiveRepository {
            let settings = HuggingFace.Settings(dataset: "alice/backup", token: StandInHub.writeToken, endpoint: hub.endpoint)
            return ArchiveRepository(store: HuggingFace(settings, http: hub.http, now: { Date() }), retention: Retention(), cores: 2)
        }

        /// The number in the newest backup; nil where there is none.
        func stored() async throws -> Int? {
            try? FileManager.default.removeItem(atPath: folder["look"])
            try FileManager.default.createDirectory(atPath: folder["look"], withIntermediateDirectories: true)
            let restorer = TreeRestorer(repository: repository, source: BackupSource(path: folder["look/app"]), id: "look")
            guard case .restored = try await restorer.restore(onProgress: { _ in }) else { return nil }
            return number(in: "look")
        }

        func tree(_ place: String) throws -> String {
            try Shell.run(
                "cd '\(folder[place])' && find app ! -name '.shipkeeper-*' ! -type l -printf '%p %y %m %s %T@\\n' | sed 's/\\.[0-9]*$//' | sort; find app -type l -printf '%p %l\\n' | sort; find app -type f ! -name '.shipkeeper-*' -print0 | sort -z | xargs -0 sha256sum"
            ).output
        }
    }

    @Test("the script of today and we read each other's backups", .limited, arguments: Account.allCases)
    func interop(account: Account) async throws {
        let world = try await World(account)
        let script = "'\(Shell.python)' '\(SourceTree.root)/Tests/TestSupport/StandInHub/script_of_today.py'"
        func run(_ words: String) throws -> Shell.Result { try Shell.run("\(script) \(words)", environment: world.environment) }
        _ = try Shell.run(
            "mkdir -p theirs/app/sub && cd theirs/app && noise 1 3000000 > big && echo 你好 > 文件.txt && ln -s 文件.txt link && chmod 600 big && : > empty && echo x > sub/'with blank'",
            folder: world.folder.path)
        let theirs = try world.tree("theirs")
        let backup = try run("backup '\(world.folder["theirs"])' app")
        #expect(backup.status == 0, "\(backup.errors)")
        let program = try world.start(world.configuration(jobs: world.backupJob("{ every: 1h }")))
        #expect(try world.says("restore: succeeded: restored"))
        #expect(try world.tree("data") == theirs)
        try world.folder.run("cd data/app && echo more > new && rm sub/* && noise 2 100000 >> big")
        let ours = try world.tree("data")
        #expect(try program.ask("start backup --wait").status == 0)
        try FileManager.default.createDirectory(atPath: world.folder["back"], withIntermediateDirectories: true)
        let restored = try run("restore '\(world.folder["back"])' app")
        #expect(restored.status == 0, "\(restored.errors)")
        let back = try world.tree("back")
        #expect(back == ours, "\(back)\n\(ours)")
        #expect(program.stop() == 0)
    }

    @Test("what is read at boot when something is wrong", .limited, arguments: Account.allCases)
    func boots(account: Account) async throws {
        let world = try await World(account)
        func boot(_ configuration: String, token: String = StandInHub.writeToken, dataset: String = "alice/backup", says words: [String]) throws {
            let program = try world.start(configuration, token: token, dataset: dataset)
            for words in words { #expect(try world.says(words), "\(words) is not in\n\(program.log)") }
            _ = program.stop()
            try world.folder.renew("state", "log.txt")
            try world.folder.run("rm -rf data/app")
        }
        let plain = world.configuration(jobs: world.service)
        try boot(plain, token: "hf_expired", says: ["restore: failed: the token for 127.0.0.1 is not accepted", "make a new one with write access"])
        try boot(plain, dataset: "alice/nowhere", says: ["restore: failed: the dataset alice/nowhere does not exist at 127.0.0.1", "create it (private) at"])
        try boot(plain, says: ["restore: succeeded: empty: the repository holds no backup yet", "app: started"])
        try boot(plain, token: "", says: ["restore: warning: disabled: the secret HF_TOKEN is not set"])
        let locked = world.configuration(restore: ", on_failure: start_locked", jobs: world.service + "\n" + world.backupJob())
        try boot(
            locked, token: "hf_expired",
            says: ["not restored, and started all the same; backups are locked", "app: started", "backup: failed: backups to \"main\" are locked"])
        try await world.hub.tell("faults", "[{\"kind\": \"refuse\", \"times\": 100000}]")
        let program = try world.start(world.configuration(restore: ", give_up_after: 1h", jobs: world.service))
        #expect(try world.says("be reached (asking for the newest commit)"))
        #expect(try world.says("retrying in 2s"))
        #expect(!program.log.contains("app: started"), "the app did not wait")
        try await world.hub.tell("faults", "[]")
        #expect(try world.says("restore: succeeded: empty") && world.says("app: started"))
        _ = program.stop()
    }

    @Test("a damaged newest backup gives way to the one before, and says so", .limited, arguments: Account.allCases)
    func damaged(account: Account) async throws {
        let world = try await World(account)
        let program = try world.start(world.configuration(jobs: world.backupJob("{ every: 1h }")))
        #expect(try world.says("restore: succeeded: empty"))
        for number in [1, 2] {
            try world.write(number)
            #expect(try program.ask("start backup --wait").status == 0)
        }
        _ = program.stop()
        try await world.hub.tell("damage", "{\"repo\": \"alice/backup\", \"path\": \"latest_backup.tar.gz\"}")
        try world.folder.renew("state", "log.txt")
        try world.folder.run("rm -rf data/app")
        let again = try world.start(world.configuration(jobs: world.service))
        #expect(try world.says("a newer backup could not be used"))
        #expect(try world.says("app: started"))
        #expect(world.number() == 1)
        _ = again.stop()
    }

    @Test(
        "an older backup comes back with the services stopped around it, and nothing of the present is lost", .limited,
        arguments: Account.allCases)
    func older(account: Account) async throws {
        let world = try await World(account)
        let program = try world.start(world.configuration(jobs: world.service + "\n" + world.backupJob("{ every: 1h }")))
        #expect(try world.says("app: started"))
        for number in [1, 2] {
            try world.write(number)
            #expect(try program.ask("start backup --wait").status == 0)
        }
        let first = try #require(try await world.repository.snapshots().last)
        try world.write(3)
        let done = try program.ask("restore --at \(first.id.prefix(10))")
        #expect(done.status == 0, "\(done.output)\(done.errors)")
        #expect(world.number() == 1)
        for words in ["backing up the current data: backup", "stopped app", "restore succeeded", "started app"] { #expect(done.output.contains(words)) }
        #expect(
            try RunningProgram.until(
                "'\(SourceTree.program)' status --json --state '\(world.folder["state"])' | jq -e '.data.jobs[] | select(.name == \"app\") | .state == \"ready\"'"
            ))
        #expect(try await world.stored() == 1)
        #expect(try await world.repository.snapshots().count == 3, "1, 2 and 3; 1 again is the same archive")
        let wrong = try program.ask("restore --at 2001-01-01")
        #expect(wrong.status == 1 && wrong.output.contains("no backup is known as") && world.number() == 1)
        func direct(_ words: String) throws -> Shell.Result {
            try Shell.run(
                "\(account.commandPrefix)'\(SourceTree.program)' \(words) --config '\(world.folder["shipkeeper.yaml"])'",
                environment: world.environment.merging(account.environment) { $1 })
        }
        let third = try await world.repository.snapshots()[1]
        #expect(try direct("restore --at \(third.id) --to '\(world.folder["data/elsewhere"])' --path app/b/c").status == 0)
        #expect(world.folder.read("data/elsewhere/app/b/c")?.hasPrefix("3 ") == true && world.folder.read("data/elsewhere/app/a") == nil)
        #expect(try direct("backups verify --all").status == 0)
        #expect(try direct("backups export latest --to '\(world.folder["data/out.tar.gz"])'").status == 0)
        #expect(try Shell.run("tar -xzf data/out.tar.gz -O app/a | head -c 2", folder: world.folder.path).output == "1 ")
        #expect(try direct("doctor").status == 0)
        _ = program.stop()
    }

    @Test("old and new container: the stale one is refused, and nothing is lost", .limited, arguments: Account.allCases)
    func twoContainers(account: Account) async throws {
        let world = try await World(account)
        try world.write(1)
        try world.folder.write("empty", "")
        let old = try world.start(world.configuration(jobs: world.backupJob("{ every: 1h, stop: true }")))
        #expect(try world.says("restore: succeeded"))
        #expect(try old.ask("start backup --wait").status == 0)
        let newFolder = TemporaryFolder(for: account)
        try world.folder.run("mkdir data2 state2")
        let configuration = world.configuration(jobs: world.backupJob("{ every: 1h }", data: "data2"), data: "data2", state: "state2")
        let new = try RunningProgram(configuration, in: newFolder, environment: world.environment)
        #expect(try RunningProgram.until("grep -q 'restore: succeeded: restored' '\(newFolder["log.txt"])'"))
        try world.write(2)
        #expect(old.stop() == 0, "the final backup of the old container is the newest one")
        #expect(try await world.stored() == 2)
        try world.write(3, to: "data2")
        let refused = try Shell.run("'\(SourceTree.program)' start backup --wait --state '\(world.folder["state2"])'")
        #expect(refused.status == 1 && refused.errors.contains("refused: another container has stored a backup"), "\(refused.errors)")
        #expect(try await world.stored() == 2)
        let head = try #require(try await world.repository.store.head())
        let aside = try #require(head.objects.keys.first { $0.hasPrefix("conflict_") })
        let file = try await world.repository.store.open(aside, at: head, scratch: Folder.open(world.folder.path))
        #expect(try file.status().size > 100)
        _ = new.stop()
    }

    @Test("no secret in anything that was written, in any spelling", .limited, arguments: Account.allCases)
    func secrets(account: Account) async throws {
        let secret = "hf_S3cret+for/the=scan&only"
        let world = try await World(account)
        let noisy = "  noisy: { type: command, on: boot, secrets: [HF_TOKEN], with: { shell: 'echo \"$HF_TOKEN\"; printf %s \"$HF_TOKEN\" | base64; exit 3' } }"
        try world.write(1)
        let program = try world.start(
            world.configuration(jobs: world.backupJob("{ every: 1h, stop: true }") + "\n" + noisy), token: secret)
        #expect(try world.says("restore: succeeded"))
        for (round, fault) in ["401", "403", "500_after", "cut", "corrupt", "429_quota", "412", "echo"].enumerated() {
            try await world.hub.tell("faults", "[{\"kind\": \"\(fault)\", \"match\": \"/preupload/|/commit/\"}]")
            try world.write(2 + round)
            _ = try program.ask("start backup --wait")
        }
        let texts = try ["status", "status --json", "runs", "runs --json", "logs backup", "logs noisy", "why backup"].map { try program.ask($0) }
        let spoken = texts.map { $0.output + $0.errors }.joined()
        var direct = ""
        for words in ["doctor", "backups", "restore --at latest --to '\(world.folder["data/x"])'"] {
            try await world.hub.tell("faults", "[{\"kind\": \"echo\", \"match\": \"/api/\", \"times\": 100}]")
            let result = try Shell.run(
                "\(account.commandPrefix)'\(SourceTree.program)' \(words) --config '\(world.folder["shipkeeper.yaml"])'",
                environment: world.environment(secret).merging(account.environment) { $1 })
            direct += result.output + result.errors
        }
        #expect(direct.contains("I got the header Bearer <secret>"))
        _ = program.stop()
        try world.folder.write("spoken.txt", spoken + direct)
        let base64 = Data(secret.utf8).base64EncodedString()
        let encoded = try #require(secret.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        for form in [secret, base64, encoded] {
            let hits = try Shell.run("grep -rlaF -- '\(form)' '\(world.folder.path)'")
            #expect(hits.output.isEmpty, "\(hits.output)")
        }
        #expect(try Shell.run("ls '\(world.folder["state"])/state.db'").status == 0, "nothing was scanned")
    }

    @Test("the example keeps its data over a new container", .limited, arguments: Account.allCases)
    func example(account: Account) async throws {
        let world = try await World(account)
        let port = Port.reserve()
        let example = try String(contentsOfFile: SourceTree.examples + "/hugging-face/shipkeeper.yaml", encoding: .utf8)
        let environment = world.environment.merging(
            ["STATE_FOLDER": world.folder["state"], "APP_FOLDER": world.folder["data/app"], "PORT": "\(port)", "APP_PORT": "\(Port.reserve())"]) { $1 }
        let program = try RunningProgram(example, in: world.folder, environment: environment)
        #expect(try RunningProgram.until("curl -fs http://127.0.0.1:\(port)/ | grep 'Directory listing'"), "\(program.log)")
        try world.folder.write("data/app/page.html", "kept")
        #expect(program.stop() == 0)
        try world.folder.renew("state", "log.txt")
        try world.folder.run("rm -rf data/app")
        let again = try RunningProgram(example, in: world.folder, environment: environment)
        #expect(try RunningProgram.until("curl -fs http://127.0.0.1:\(port)/page.html | grep kept"), "\(again.log)")
        #expect(again.stop() == 0)
    }

    @Test("kill -9 at 100 random moments of a backup", .limited, .tags(.slow), arguments: Account.allCases)
    func killedBackups(account: Account) async throws {
        let world = try await World(account)
        try await world.hub.tell("config", "{\"delay\": 0.01, \"body_seconds\": 0.08}")
        let configuration = world.configuration(jobs: world.backupJob())
        var moments = Moments("killed backups \(account)", seed: 20_261_122, whole: .milliseconds(700))
        var seen = Set<Int>()
        for round in 1...(100 / Account.allCases.count) {
            try world.write(round)
            let program = try world.start(configuration, flags: ["--no-init"])
            moments.wait()
            program.send(SIGKILL)
            _ = program.wait()
            let stored = try await world.stored()
            if let stored {
                #expect(stored <= round, "round \(round)")
                #expect(stored >= seen.max() ?? 0, "round \(round): an older backup is the newest")
                seen.insert(stored)
            } else {
                #expect(seen.isEmpty, "round \(round): the newest backup is not whole, or gone")
            }
            moments.note(wasOver: stored == round)
            #expect(world.number() == round, "the live tree was touched")
        }
        #expect(moments.areSpread)
        try world.write(101)
        let program = try world.start(configuration)
        #expect(try RunningProgram.until("'\(SourceTree.program)' start backup --wait --state '\(world.folder["state"])'"), "\(program.log)")
        _ = program.stop()
        #expect(try await world.stored() == 101)
        #expect(try Shell.run("ls '\(world.folder["state"])/scratch'").output.isEmpty)
    }

    @Test("kill -9 at 100 random moments of a restore", .limited, .tags(.slow), arguments: Account.allCases)
    func killedRestores(account: Account) async throws {
        let world = try await World(account)
        try world.write(2000)
        let first = try world.start(world.configuration(jobs: world.backupJob("{ every: 1h }")))
        #expect(try world.says("restore: succeeded"))
        #expect(try first.ask("start backup --wait").status == 0)
        _ = first.stop()
        try await world.hub.tell("config", "{\"delay\": 0.01, \"body_seconds\": 0.08}")
        var moments = Moments("killed restores \(account)", seed: 20_261_123, whole: .milliseconds(450))
        for round in 1...(100 / Account.allCases.count) {
            try world.folder.renew("state", "log.txt")
            try world.folder.run("rm -rf data/app")
            try world.write(round)
            let program = try world.start(world.configuration(), flags: ["--no-init"])
            moments.wait()
            program.send(SIGKILL)
            _ = program.wait()
            let number = world.number()
            #expect(number == round || number == 2000, "round \(round): the live tree is \(number.map(String.init) ?? "a mixture")")
            moments.note(wasOver: number == 2000)
            guard round.isMultiple(of: 10) else { continue }
            let again = try world.start(world.configuration())
            #expect(try RunningProgram.until("'\(SourceTree.program)' runs restore --state '\(world.folder["state"])' | grep -q 'succeeded'"), "\(again.log)")
            #expect(world.number() == 2000)
            _ = again.stop()
            let left = try Shell.run("ls -A data | grep restore-", folder: world.folder.path).output
            #expect(left.isEmpty, "\(left)")
        }
        #expect(moments.areSpread)
    }
}
