import Foundation
import TestSupport
import Testing

/// The whole program with a bucket as its disk: what is promised of backups and restores, tried to break.
@Suite("a bucket as the disk", .waiting, .serialized)
struct BucketProgramTests {
    enum Service: String, CaseIterable, Sendable {
        case oss, s3
    }

    private final class World: Sendable {
        let oss: StandInOSS
        let folder: TemporaryFolder
        let service: Service

        init(_ service: Service, _ account: Account) throws {
            folder = TemporaryFolder(for: account)
            self.service = service
            oss = try StandInOSS()
            try oss.makeBucket("my-store")
        }

        func configuration(on: String = "{ every: 1h }", data: String = "data", state: String = "state") -> String {
            let region = service == .oss ? "cn-wuhan-lr" : "us-east-1"
            return """
                version: 1
                state: \(folder[state])
                stop_budget: 60s
                secrets: [STORE_ID, STORE_SECRET]
                repositories:
                  main:
                    { type: \(service), bucket: my-store, region: \(region), endpoint: "\(oss.endpoint)", prefix: one,
                      access_key_id: "${STORE_ID}", access_key_secret: "${STORE_SECRET}" }
                jobs:
                  restore: { type: restore, on: boot, with: { repository: main, path: \(folder[data])/app, give_up_after: 2s } }
                  backup: { type: backup, on: \(on), needs: restore, with: { repository: main, path: \(folder[data])/app } }
                """
        }

        func start(_ configuration: String, secret: String = StandInOSS.secret, flags: [String] = []) throws -> RunningProgram {
            try RunningProgram(configuration, in: folder, flags: flags, environment: ["STORE_ID": StandInOSS.keyID, "STORE_SECRET": secret])
        }

        func says(_ words: String) throws -> Bool { try RunningProgram.until("grep -qF -- '\(words)' '\(folder["log.txt"])'") }

        /// Files that all hold the same number: a mixture of two trees shows.
        func write(_ number: Int, to place: String = "data") throws {
            for name in ["a", "b/c", "b/d"] { try folder.write("\(place)/app/\(name)", "\(number) " + String(repeating: "x", count: 40_000 + number)) }
        }

        /// The number that the newest backup holds by the hand of boto3, sha256sum and tar; nil where there is none, and -1 where it is not whole.
        func storedByHand() throws -> Int? {
            try folder.write(
                "by-hand.py",
                """
                import boto3, hashlib, io, json, sys, tarfile
                from botocore.config import Config
                s3 = boto3.client("s3", endpoint_url="\(oss.endpoint)", aws_access_key_id="\(StandInOSS.keyID)", aws_secret_access_key="\(StandInOSS.secret)",
                                  region_name="us-east-1", config=Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required"))
                versions = [item["Key"] for item in s3.list_objects_v2(Bucket="my-store", Prefix="one/versions/").get("Contents", [])]
                if not versions: sys.exit("none")
                get = lambda key: s3.get_object(Bucket="my-store", Key=key)["Body"].read()
                objects = json.loads(get(max(versions)))["objects"]
                archive = get("one/" + objects["latest_backup.tar.gz"]["key"])
                assert hashlib.sha256(archive).hexdigest() == get("one/" + objects["latest_backup.sha256"]["key"]).decode().strip()
                tar = tarfile.open(fileobj=io.BytesIO(archive))
                numbers = set()
                for name in ("app/a", "app/b/c", "app/b/d"):
                    number, _, rest = tar.extractfile(name).read().decode().partition(" ")
                    assert len(rest) == 40_000 + int(number)
                    numbers.add(number)
                assert len(numbers) == 1, numbers
                print(numbers.pop())
                """)
            let read = try Shell.run("'\(Shell.python)' '\(folder["by-hand.py"])'")
            if read.errors.hasSuffix("none\n") { return nil }
            return read.status == 0 ? Int(read.output.trimmingCharacters(in: .whitespacesAndNewlines)) : -1
        }

        func forget() throws {
            try folder.renew("state", "log.txt")
            try folder.run("rm -rf data; mkdir data")
        }
    }

    @Test(
        "trouble at boot never overwrites a backup; what is stored can be read without us", .limited, arguments: Service.allCases,
        Account.allCases)
    func boots(service: Service, account: Account) async throws {
        let world = try World(service, account)
        try world.write(7)
        let first = try world.start(world.configuration())
        #expect(try world.says("restore: succeeded: empty"))
        #expect(try first.ask("start backup --wait").status == 0)
        _ = first.stop()
        #expect(try world.storedByHand() == 7)

        // Containers whose key is wrong, or that can't reach the store, have a tree of their own by the time of their backup.
        for trouble in ["wrong key", "unreachable"] {
            try world.forget()
            try world.write(1)
            if trouble == "unreachable" { try await world.oss.server.tell("faults", "[{\"kind\": \"refuse\", \"times\": 1000}]") }
            let program = try world.start(world.configuration(on: "{ every: 1s }"), secret: trouble == "wrong key" ? "wrong/secret" : StandInOSS.secret)
            #expect(try world.says("restore: failed"), "\(trouble): \(program.log)")
            #expect(try program.ask("start backup --wait").status != 0)
            _ = program.stop()
            try await world.oss.server.tell("faults", "[]")
            #expect(try world.storedByHand() == 7, "\(trouble): the backup was overwritten")
            #expect(!program.log.contains(StandInOSS.secret) && !program.log.contains("wrong/secret"))
        }

        try world.forget()
        let again = try world.start(world.configuration())
        #expect(try world.says("restore: succeeded: restored 3 files"))
        #expect(world.folder.read("data/app/b/c")?.hasPrefix("7 ") == true)
        _ = again.stop()
    }

    @Test("of two containers the stale one is refused, and loses nothing", .limited, arguments: Service.allCases, Account.allCases)
    func twoContainers(service: Service, account: Account) throws {
        let world = try World(service, account)
        try world.write(1)
        let one = try world.start(world.configuration())
        #expect(try world.says("restore: succeeded: empty"))
        #expect(try one.ask("start backup --wait").status == 0)
        let other = TemporaryFolder(for: account)
        try other.run("mkdir data")
        let configuration = world.configuration().replacing(world.folder.path, with: other.path)
        let two = try RunningProgram(configuration, in: other, environment: ["STORE_ID": StandInOSS.keyID, "STORE_SECRET": StandInOSS.secret])
        #expect(try RunningProgram.until("grep -qF 'restore: succeeded: restored' '\(other["log.txt"])'"))
        for name in ["a", "b/c", "b/d"] { try other.write("data/app/\(name)", "2 " + String(repeating: "x", count: 40_002)) }
        #expect(try two.ask("start backup --wait").status == 0)
        try world.write(3)
        let stale = try one.ask("start backup --wait")
        #expect(stale.status == 1, "\(stale.output)")
        #expect(try world.storedByHand() == 2, "the stale writer took the newest one's place")
        let newest = try Shell.run("curl -fs '\(world.oss.endpoint)/my-store/one/versions/0000000003.json'").output
        let aside = try #require(newest.firstMatch(of: /"key" : "([^"]*conflict_[^"]*)"/)?.1, "its tree is lost: \(newest)")
        let tree = try Shell.run("curl -fs '\(world.oss.endpoint)/my-store/one/\(aside)' | tar -xzO app/a | cut -c1-2")
        #expect(tree.output == "3 \n", "\(tree.errors)")
        _ = (one.stop(), two.stop())
    }

    @Test("kill -9 at 40 random moments of a backup", .limited, .tags(.slow), arguments: Service.allCases, Account.allCases)
    func killed(service: Service, account: Account) async throws {
        let world = try World(service, account)
        try await world.oss.server.tell("config", "{\"delay\": 0.02}")
        var moments = Moments("killed backups to \(service) \(account)", seed: service == .oss ? 1 : 2, whole: .milliseconds(450))
        var newest = 0
        let rounds = 40 / Account.allCases.count
        for round in 1...rounds {
            try world.write(round)
            let program = try world.start(world.configuration(on: "boot"), flags: ["--no-init"])
            moments.wait()
            program.send(SIGKILL)
            _ = program.wait()
            let found = try world.storedByHand() ?? 0
            #expect(found >= newest && found <= round, "round \(round): \(found) is the newest, after \(newest)")
            newest = max(newest, found)
            moments.note(wasOver: found == round)
        }
        #expect(moments.areSpread)
        try world.write(rounds + 1)
        let program = try world.start(world.configuration(on: "boot"))
        #expect(try RunningProgram.until("'\(SourceTree.program)' start backup --wait --state '\(world.folder["state"])'"), "\(program.log)")
        _ = program.stop()
        #expect(try world.storedByHand() == rounds + 1)
    }
}
