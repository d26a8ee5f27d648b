import Foundation
import TestSupport
import Testing

/// The whole program with repositories in the restic format, and the restic program beside it.
@Suite("restic repositories as the disk", .waiting, .serialized)
struct ResticProgramTests {
    enum Place: String, CaseIterable, Sendable {
        case folder, s3, oss, dataset
    }

    private final class World: Sendable {
        static let password = "correct horse 电池 staple"

        let place: Place
        let folder: TemporaryFolder
        let bucket: StandInOSS?
        let hub: StandInHub?

        init(_ place: Place, _ account: Account) async throws {
            self.place = place
            folder = TemporaryFolder(for: account)
            bucket = [.s3, .oss].contains(place) ? try StandInOSS() : nil
            hub = place == .dataset ? try StandInHub() : nil
            try bucket?.makeBucket("my-store")
            try await hub?.create()
            try folder.run("mkdir data repository")
        }

        var environment: [String: String] {
            var variables = ["RESTIC_PASSWORD": World.password, "STORE_ID": StandInOSS.keyID, "STORE_SECRET": StandInOSS.secret]
            if let hub { variables.merge(["HF_ENDPOINT": hub.endpoint, "HF_TOKEN": StandInHub.writeToken]) { $1 } }
            return variables
        }

        private var repository: String {
            let restic = "format: restic, password: \"${RESTIC_PASSWORD}\", keep: { last: 3, daily: 0, weekly: 0 }"
            let bucket = bucket?.endpoint ?? ""
            let keys = "access_key_id: \"${STORE_ID}\", access_key_secret: \"${STORE_SECRET}\""
            return switch place {
            case .folder: "{ type: folder, path: \(folder["repository"]), \(restic) }"
            case .s3: "{ type: s3, bucket: my-store, region: us-east-1, endpoint: \"\(bucket)\", prefix: one, \(keys), \(restic) }"
            case .oss: "{ type: oss, bucket: my-store, region: cn-wuhan-lr, endpoint: \"\(bucket)\", prefix: one, \(keys), \(restic) }"
            case .dataset: "{ type: huggingface, dataset: alice/backup, token: \"${HF_TOKEN}\", \(restic) }"
            }
        }

        func configuration(on: String = "{ every: 1h }", data: String = "data", state: String = "state") -> String {
            """
            version: 1
            state: \(folder[state])
            stop_budget: 60s
            secrets: [RESTIC_PASSWORD, STORE_ID, STORE_SECRET, HF_TOKEN]
            repositories:
              main: \(repository)
            jobs:
              restore: { type: restore, on: boot, with: { repository: main, path: \(folder[data])/app } }
              backup: { type: backup, on: \(on), needs: restore, with: { repository: main, path: \(folder[data])/app } }
            """
        }

        func start(_ configuration: String, flags: [String] = [], _ more: [String: String] = [:]) throws -> RunningProgram {
            let variables = ["STORE_ID": "", "HF_TOKEN": ""].merging(environment) { $1 }.merging(more) { $1 }
            return try RunningProgram(configuration, in: folder, flags: flags, environment: variables)
        }

        func says(_ words: String) throws -> Bool { try RunningProgram.until("grep -qF -- '\(words)' '\(folder["log.txt"])'") }

        /// Files that all hold the same number: a mixture of two trees shows.
        func write(_ number: Int, to place: String = "data") throws {
            for name in ["a", "b/c", "b/d"] { try folder.write("\(place)/app/\(name)", "\(number) " + String(repeating: "x", count: 40_000 + number)) }
        }

        /// The restic program on what is stored. A dataset is fetched by the Hub's own client before.
        func restic(_ line: String) throws -> Shell.Result {
            var variables = ["RESTIC_PASSWORD": World.password]
            switch place {
            case .folder: variables["RESTIC_REPOSITORY"] = folder["repository"]
            case .s3, .oss:
                variables["RESTIC_REPOSITORY"] = "s3:\(bucket?.endpoint ?? "")/my-store/one"
                variables["AWS_ACCESS_KEY_ID"] = StandInOSS.keyID
                variables["AWS_SECRET_ACCESS_KEY"] = StandInOSS.secret
            case .dataset:
                guard let hub else { break }
                return try hub.restic(line, password: World.password, in: folder)
            }
            // Where the region is known, the service is not asked for it.
            let region = bucket == nil ? "" : "-o s3.region=us-east-1 "
            return try Shell.run("restic --no-cache --no-lock \(region)\(line)", environment: variables)
        }

        /// The number that the newest snapshot holds, by restic alone; nil where there is no repository yet, -1 where it is not whole.
        func stored() throws -> Int? {
            try folder.run("rm -rf by-hand")
            let result = try restic("restore latest --target '\(folder["by-hand"])'")
            if result.status != 0 { return result.errors.contains("unable to open config") || result.errors.contains("no snapshot found") ? nil : -1 }
            let numbers = ["a", "b/c", "b/d"].map { name -> Int? in
                guard let text = folder.read("by-hand/app/\(name)"), let number = Int(text.prefix { $0 != " " }) else { return nil }
                return text.count == "\(number) ".count + 40_000 + number ? number : nil
            }
            guard let first = numbers[0], numbers.allSatisfy({ $0 == first }) else { return -1 }
            return first
        }

        func isSound() throws -> Bool {
            let result = try restic("check --read-data")
            #expect(result.status == 0 && result.output.contains("no errors were found"), "\(result)")
            return result.status == 0
        }

        func forget() throws {
            try folder.renew("state", "log.txt")
            try folder.run("rm -rf data; mkdir data")
        }
    }

    @Test(
        "backed up, read by restic, restored in a new container, where the first backup finds nothing to store", .limited,
        arguments: Place.allCases, Account.allCases)
    func mainJob(place: Place, account: Account) async throws {
        let world = try await World(place, account)
        try world.write(1)
        let first = try world.start(world.configuration())
        #expect(try world.says("restore: succeeded: empty"), "\(first.log)")
        for number in 1...4 {
            try world.write(number)
            let answer = try first.ask("start backup --wait")
            #expect(answer.status == 0, "\(answer)\n\(first.log)")
            #expect(try world.stored() == number)
        }
        func backups(_ words: String) throws -> Shell.Result {
            try Shell.run(
                "\(account.commandPrefix)'\(SourceTree.program)' backups \(words) --config '\(world.folder["shipkeeper.yaml"])'",
                environment: account.environment.merging(["STORE_ID": "", "HF_TOKEN": ""]) { $1 }.merging(world.environment) { $1 })
        }
        let verified = try backups("verify")
        #expect(verified.status == 0, "\(verified)")
        let kept = try backups("--json")
        #expect(first.stop() == 0)
        #expect(try world.isSound())
        // Where nothing is removed before it is read back, once a day is enough, and a dataset keeps all.
        if place != .dataset { #expect(kept.output.components(separatedBy: "\"short\"").count - 1 <= 4, "\(kept)") }
        try world.forget()
        let again = try world.start(world.configuration())
        #expect(try world.says("restore: succeeded: restored 3 files"), "\(again.log)")
        #expect(world.folder.read("data/app/b/c")?.hasPrefix("4 ") == true)
        let unchanged = try again.ask("start backup --wait")
        #expect(unchanged.status == 0 && unchanged.output.contains("unchanged"), "\(unchanged)")
        #expect(!again.log.contains(World.password))
        _ = again.stop()
        // A wrong password: nothing is lost, and it is said.
        try world.forget()
        try world.write(9)
        let wrong = try world.start(world.configuration(), ["RESTIC_PASSWORD": "wrong"])
        #expect(try world.says("restore: failed"), "\(wrong.log)")
        #expect(wrong.log.contains("password"), "\(wrong.log)")
        #expect(try wrong.ask("start backup --wait").status != 0)
        _ = wrong.stop()
        #expect(try world.stored() == 4)
    }

    @Test(
        "kill -9 at random moments of backups and prunes: restic finds the newest whole", .limited, .tags(.slow),
        arguments: [Place.folder, .s3])
    func killed(place: Place) async throws {
        let world = try await World(place, .root)
        try await world.bucket?.server.tell("config", "{\"delay\": 0.01}")
        var moments = Moments("killed restic backups to \(place)", seed: place == .folder ? 3 : 4, whole: .milliseconds(place == .folder ? 300 : 700))
        var newest = 0
        for round in 1...20 {
            try world.write(round)
            let program = try world.start(world.configuration(on: "boot"), flags: ["--no-init"])
            moments.wait()
            program.send(SIGKILL)
            _ = program.wait()
            let found = try world.stored() ?? 0
            #expect(found >= newest && found <= round, "round \(round): \(found) is the newest, after \(newest)")
            newest = max(newest, found)
            moments.note(wasOver: found == round)
        }
        try world.write(21)
        let program = try world.start(world.configuration(on: "boot"))
        #expect(try RunningProgram.until("'\(SourceTree.program)' start backup --wait --state '\(world.folder["state"])'"), "\(program.log)")
        _ = program.stop()
        #expect(try world.stored() == 21)
        #expect(try world.isSound())
    }

    @Test("an archive at the same place is restored, and becomes the first snapshot", .limited, arguments: Account.allCases)
    func fromArchive(account: Account) async throws {
        let world = try await World(.folder, account)
        try world.write(3, to: "made")
        try world.folder.run("tar -C made -czf repository/latest_backup.tar.gz app")
        try world.folder.run("cd repository && sha256sum < latest_backup.tar.gz | cut -c1-64 > latest_backup.sha256")
        let program = try world.start(world.configuration())
        #expect(try world.says("restore: succeeded: restored 3 files"), "\(program.log)")
        #expect(try world.stored() == nil)
        #expect(try program.ask("start backup --wait").status == 0, "\(program.log)")
        #expect(try world.stored() == 3)
        try world.write(4)
        #expect(try program.ask("start backup --wait").status == 0, "\(program.log)")
        #expect(try world.stored() == 4 && world.isSound())
        _ = program.stop()
        #expect(FileManager.default.fileExists(atPath: world.folder["repository/latest_backup.tar.gz"]))
        try world.forget()
        let again = try world.start(world.configuration())
        #expect(try world.says("restore: succeeded: restored 3 files"), "\(again.log)")
        #expect(world.folder.read("data/app/a")?.hasPrefix("4 ") == true)
        _ = again.stop()
    }
}
