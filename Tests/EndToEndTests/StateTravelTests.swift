import Foundation
import TestSupport
import Testing

/// A container is lost with its state folder, and the next one continues with the history, the pauses and the schedules that lie beside the backups.
@Suite("the state travels with the backups", .waiting, .serialized)
struct StateTravelTests {
    enum Place: String, CaseIterable, Sendable {
        case archiveFolder, resticFolder, archiveDataset, resticDataset

        var isRestic: Bool { self == .resticFolder || self == .resticDataset }
        var isDataset: Bool { self == .archiveDataset || self == .resticDataset }
    }

    private struct World: Sendable {
        static let password = "correct horse 电池 staple"

        let place: Place
        let folder = TemporaryFolder()
        let hub: StandInHub?

        init(_ place: Place) async throws {
            self.place = place
            hub = place.isDataset ? try StandInHub() : nil
            try await hub?.create()
            try folder.run("mkdir -p data/app repository")
            try folder.write("data/app/a", "first")
        }

        var environment: [String: String] {
            ["RESTIC_PASSWORD": World.password, "HF_TOKEN": StandInHub.writeToken, "HF_ENDPOINT": hub?.endpoint ?? ""]
        }

        /// A daily job that also runs at its first start, and one that somebody pauses.
        func configuration(paths: String = "data/app") -> String {
            let format = place.isRestic ? ", format: restic, password: \"${RESTIC_PASSWORD}\"" : ""
            let repository =
                place.isDataset
                ? "{ type: huggingface, dataset: alice/backup, token: \"${HF_TOKEN}\"\(format) }" : "{ type: folder, path: \(folder["repository"])\(format) }"
            return """
                version: 1
                state: \(folder["state"])
                secrets: [RESTIC_PASSWORD, HF_TOKEN]
                repositories:
                  main: \(repository)
                jobs:
                  restore: { type: restore, on: boot, with: { repository: main, path: \(folder[paths]) } }
                  backup: { type: backup, on: { every: 1h }, needs: restore, with: { repository: main, path: \(folder[paths]) } }
                  daily: { type: command, on: { every: 24h, at_start: true }, with: { shell: "echo ran >> '\(folder["ran"])'" } }
                  paused: { type: command, on: { every: 1s }, with: { shell: "true" } }
                """
        }

        func start(_ configuration: String? = nil, flags: [String] = []) throws -> RunningProgram {
            try RunningProgram(configuration ?? self.configuration(), in: folder, flags: flags, environment: environment)
        }

        var timesRan: Int { (folder.read("ran") ?? "").split(separator: "\n").count }

        /// The container's disk is gone; what lies in the repository stays.
        func lose() throws { try folder.run("rm -rf state data log.txt; mkdir data") }

        /// Runs of a job as the record has them, newest first: their ids and outcomes.
        func runs(_ job: String, _ program: RunningProgram) throws -> [String] {
            let result = try folder.run("sqlite3 state/state.db \"SELECT id || ' ' || ifnull(outcome, state) FROM runs WHERE job = '\(job)' ORDER BY id DESC\"")
            #expect(result.status == 0, "\(result)")
            return result.output.split(separator: "\n").map(String.init)
        }

        /// When a job is due next, as the program says.
        func next(_ job: String) throws -> String {
            try Shell.run("'\(SourceTree.program)' status --json --state '\(folder["state"])' | jq -r '.data.jobs[] | select(.name == \"\(job)\") | .next'")
                .output
        }
    }

    /// A first container: one run of the daily job, a pause, a backup. Gives when the daily job is due next.
    private func firstLife(_ world: World) throws -> String {
        let program = try world.start()
        #expect(try program.says("restore: succeeded: empty"), "\(program.log)")
        #expect(try program.until("test -s '\(world.folder["ran"])'") && program.hasDone("daily"), "\(program.log)")
        #expect(try program.ask("pause paused").status == 0)
        let backup = try program.ask("start backup --wait")
        #expect(backup.status == 0 && !program.log.contains("does not go along"), "\(backup)\n\(program.log)")
        let next = try world.next("daily")
        try program.killAll()
        return next
    }

    @Test("a new container has the history, the pause and the scheduled times, and runs nothing again", .limited, arguments: Place.allCases)
    func newContainer(place: Place) async throws {
        let world = try await World(place)
        let next = try firstLife(world)
        #expect(next.count > 10 && world.timesRan == 1)
        try world.lose()
        let second = try world.start()
        #expect(try second.says("restore: succeeded: restored 1 file"), "\(second.log)")
        #expect(second.log.contains("took over the history of an earlier container"), "\(second.log)")
        #expect(try world.next("daily") == next && world.timesRan == 1, "\(second.log)")
        // The backup that has stored the state is found as it ended.
        #expect(try world.runs("backup", second).last?.hasSuffix("succeeded") == true, "\(second.log)")
        #expect(try world.runs("daily", second).count == 1)
        #expect(try second.ask("status").output.contains("paused"))
        // The state counts for nothing where nothing else has changed.
        let unchanged = try second.ask("start backup --wait")
        #expect(unchanged.status == 0 && unchanged.output.contains("unchanged"), "\(unchanged)")
        try world.folder.write("data/app/b", "second")
        #expect(try second.ask("start backup --wait").status == 0, "\(second.log)")
        let list = try Shell.run(
            "'\(SourceTree.program)' backups --json --config '\(world.folder["shipkeeper.yaml"])'", environment: world.environment)
        #expect(list.output.components(separatedBy: "\"short\"").count - 1 == 2 && !list.output.contains("shipkeeper_state"), "\(list)")
        try second.killAll()
        // A third one has the history of both.
        try world.lose()
        let third = try world.start()
        #expect(try third.says("restore: succeeded: restored 2 files"), "\(third.log)")
        #expect(try world.runs("restore", third).count == 3 && world.timesRan == 1, "\(third.log)")
        #expect(third.stop() == 0)
    }

    @Test("killed while and right after it takes the history over: taken once, and whole", .limited, arguments: [Place.archiveFolder, .resticFolder])
    func killed(place: Place) async throws {
        let world = try await World(place)
        _ = try firstLife(world)
        var moments = Moments("killed imports from \(place)", seed: place.isRestic ? 5 : 6, whole: .milliseconds(400))
        for round in 1...12 {
            try world.lose()
            let program = try world.start(flags: ["--no-init"])
            moments.wait()
            program.send(SIGKILL)
            _ = program.wait()
            moments.note(wasOver: program.log.contains("took over"))
            let again = try world.start()
            #expect(try again.says("restore: succeeded"), "round \(round): \(again.log)")
            // Whichever of both starts has taken it over: neither has run the daily job again.
            #expect(try world.runs("daily", again).count == 1 && world.timesRan == 1, "round \(round): \(again.log)")
            try again.killAll()
        }
    }

    @Test("a damaged state, one of a newer program and one of other data are refused with a sentence, and the data are restored", .limited)
    func refused() async throws {
        let world = try await World(.archiveFolder)
        _ = try firstLife(world)
        let state = "$(find '\(world.folder["repository"])' -name shipkeeper_state.db.gz | head -1)"
        try world.folder.run("cp \"\(state)\" good.gz; gunzip -k good.gz")
        func restart(_ configuration: String? = nil, _ words: String, restored: String = "restore: succeeded: restored 1 file") throws {
            try world.lose()
            let program = try world.start(configuration)
            #expect(try program.says(restored), "\(program.log)")
            #expect(program.log.contains("is not taken over: ") && program.log.contains(words), "\(words): \(program.log)")
            try program.killAll()
        }
        func put(_ change: String) throws {
            let made = try world.folder.run(change + " && gzip -c changed > changed.gz && cat changed.gz > \"\(state)\"")
            #expect(made.status == 0, "\(made)")
        }
        try put("cp good changed && sqlite3 changed \"INSERT INTO grdb_migrations VALUES ('99: of the future')\"")
        try restart(nil, "newer shipkeeper")
        try put("cp good changed && sqlite3 changed \"UPDATE key_values SET value = replace(value, 'app', 'other') WHERE key = 'mark'\"")
        try restart(nil, "belongs to other data")
        try put("head -c 9000 good > changed")
        try restart(nil, "is damaged")
        try world.folder.run("echo garbage > \"\(state)\"")
        try restart(nil, "is damaged")
        // And one that is as it was is taken again.
        try world.folder.run("cat good.gz > \"\(state)\"")
        try world.lose()
        let program = try world.start()
        #expect(try program.says("restore: succeeded: restored 1 file") && program.log.contains("took over"), "\(program.log)")
        try program.killAll()
    }

    @Test("a state that is there is left alone")
    func notEmpty() async throws {
        let world = try await World(.resticFolder)
        _ = try firstLife(world)
        try world.folder.run("rm -rf data log.txt; mkdir data")
        let program = try world.start()
        #expect(try program.says("restore: succeeded: restored 1 file"), "\(program.log)")
        #expect(!program.log.contains("took over") && world.timesRan == 1, "\(program.log)")
        #expect(program.stop() == 0)
    }

    @Test("the restic program shows it as a snapshot of its own with its tag, reads it, and takes the backup for the latest", .limited)
    func restic() async throws {
        let world = try await World(.resticFolder)
        _ = try firstLife(world)
        func restic(_ words: String) throws -> Shell.Result {
            try Shell.run(
                "restic --no-cache --no-lock \(words)", environment: ["RESTIC_REPOSITORY": world.folder["repository"], "RESTIC_PASSWORD": World.password],
                folder: world.folder.path)
        }
        #expect(try restic("snapshots --json | jq length").output == "2\n")
        #expect(try restic("snapshots --json --tag shipkeeper-state | jq length").output == "1\n")
        let latest = try restic("restore latest --target by-hand")
        #expect(latest.status == 0 && world.folder.read("by-hand/app/a") == "first", "\(latest)")
        let dumped = try restic("dump --tag shipkeeper-state latest /state.db > state.db && sqlite3 state.db \"SELECT outcome FROM runs WHERE job = 'backup'\"")
        #expect(dumped.output == "succeeded\n", "\(dumped)")
        #expect(try restic("check --read-data").status == 0)
    }
}
