import Foundation
import TestSupport
import Testing

/// Jobs that verify what is stored, in the whole program.
@Suite("verify as a job", .waiting, .serialized)
struct VerifyProgramTests {
    private static let formats = ["archive", "restic"]

    private final class World: Sendable {
        let folder: TemporaryFolder
        let format: String
        let bucket: StandInOSS?

        init(_ format: String, _ account: Account = .root, inBucket: Bool = false) throws {
            (folder, self.format) = (TemporaryFolder(for: account), format)
            bucket = inBucket ? try StandInOSS() : nil
            try bucket?.makeBucket("my-store")
            try folder.run("mkdir -p data/app/sub repository && head -c 300000 /dev/urandom > data/app/sub/large && echo small > data/app/small")
        }

        func configuration(_ settings: String = "data: 100%", on: String = "{ every: 1d }") -> String {
            let restic = format == "restic" ? ", format: restic, password: \"${RESTIC_PASSWORD}\"" : ""
            let keys = "access_key_id: \"${STORE_ID}\", access_key_secret: \"${STORE_SECRET}\""
            let place =
                bucket.map { "type: s3, bucket: my-store, region: us-east-1, endpoint: \"\($0.endpoint)\", prefix: one, \(keys)" }
                ?? "type: folder, path: \(folder["repository"])"
            return """
                version: 1
                state: \(folder["state"])
                secrets: [RESTIC_PASSWORD, STORE_ID, STORE_SECRET]
                repositories: { main: { \(place)\(restic) } }
                jobs:
                  restore: { type: restore, on: boot, with: { repository: main, path: \(folder["data"])/app } }
                  backup: { type: backup, needs: restore, with: { repository: main, path: \(folder["data"])/app } }
                  verify: { type: verify, on: \(on), with: { repository: main, \(settings) } }
                """
        }

        func start(_ configuration: String? = nil, prefix: [String] = [], flags: [String] = []) throws -> RunningProgram {
            try RunningProgram(
                configuration ?? self.configuration(), in: folder, prefix: prefix, flags: flags,
                environment: ["RESTIC_PASSWORD": "p", "STORE_ID": StandInOSS.keyID, "STORE_SECRET": StandInOSS.secret])
        }
    }

    private func scratch(_ world: World) throws -> String { try Shell.run("find '\(world.folder["state"])/scratch' -mindepth 1 2>/dev/null").output }

    @Test("healthy: read, restored as a drill once, and told by status, page and metrics", .limited, arguments: formats, Account.allCases)
    func healthy(format: String, account: Account) throws {
        let world = try World(format, account)
        let port = Port.reserve()
        let front = "front: { listen: \(port) }\n"
        let program = try world.start(front + world.configuration())
        #expect(try program.says("restore: succeeded"), "\(program.log)")
        let nothing = try program.ask("start verify --wait")
        #expect(nothing.status == 0 && nothing.output.contains("the repository holds no backup yet"), "\(nothing)")
        #expect(try !program.ask("status").output.contains("restore drill"))
        #expect(try program.ask("start backup --wait").status == 0, "\(program.log)")
        let first = try program.ask("start verify --wait")
        #expect(
            first.status == 0 && first.output.contains("1 backup, all whole; read ") && first.output.contains("; restored 2 files, "),
            "\(first)\n\(program.log)")
        #expect(try scratch(world) == "")
        let second = try program.ask("start verify --wait --json")
        #expect(second.status == 0 && second.output.contains("\"drill_files\" : 2") && !second.output.contains("as a drill"), "\(second)")
        #expect(try program.ask("status").output.contains("Last restore drill passed: "))
        let drills = try Shell.run("'\(SourceTree.program)' status --json --state '\(world.folder["state"])' | jq -c '.data.drills | map([.job, .files])'")
            .output
        #expect(drills == "[[\"verify\",2]]\n", "\(drills)")
        let page = try Shell.run("curl -s http://127.0.0.1:\(port)/-/ -H 'Accept-Language: en'").output
        #expect(page.contains("Last restore drill that passed"), "\(page)")
        let metrics = try Shell.run("curl -s http://127.0.0.1:\(port)/-/metrics").output
        #expect(metrics.contains("shipkeeper_restore_drill_age_seconds{job=\"verify\"} "), "\(metrics)")
        #expect(program.stop() == 0, "\(program.log)")
        // It is known in the next start too.
        let again = try world.start(front + world.configuration())
        #expect(try again.until("'\(SourceTree.program)' status --state '\(world.folder["state"])' | grep 'Last restore drill passed: '"), "\(again.log)")
        #expect(again.stop() == 0)
    }

    @Test("damage fails the run, each time until it is mended, in one sentence that names the file", .limited, arguments: formats)
    func damaged(format: String) throws {
        let world = try World(format)
        let program = try world.start(world.configuration("data: 1%, drill: 0s"))
        #expect(try program.says("restore: succeeded"), "\(program.log)")
        #expect(try program.ask("start backup --wait").status == 0, "\(program.log)")
        let find = format == "restic" ? "find repository/data -type f -size +200k" : "find repository/.shipkeeper/versions -name '*.tar.gz' -size +200k"
        let path = try #require(try world.folder.run(find).output.split(separator: "\n").first.map(String.init))
        try world.folder.run("cp '\(path)' whole; chmod u+w '\(path)'; printf damaged | dd of='\(path)' bs=1 seek=1000 conv=notrunc status=none")
        var failed: [String] = []
        for _ in 0..<4 {
            let result = try program.ask("start verify --wait")
            if result.status == 1 { failed.append(result.errors) }
        }
        // Found by the second look at the latest, and then by each.
        #expect(failed.count >= 2, "\(program.log)")
        for words in failed {
            let wanted = format == "restic" ? "is damaged, which app/sub/large needs" : "is damaged: "
            #expect(words.contains(wanted) && words.contains(format == "restic" ? "the pack " : "the archive of the backup of "), "\(words)")
        }
        let status = try program.ask("status").output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(status.contains("is damaged"), "\(status)")
        try world.folder.run("rm -f '\(path)'")
        if format == "restic" {
            let missing = try program.ask("start verify --wait")
            #expect(missing.status == 1 && missing.errors.contains("is missing, which app/small and app/sub/large need"), "\(missing)")
        }
        try world.folder.run("cp whole '\(path)'")
        let mended = try program.ask("start verify --wait")
        #expect(mended.status == 0, "\(mended)")
        #expect(program.stop() == 0, "\(program.log)")
    }

    @Test("a restore drill on a full disk says how much is needed, and writes nothing", .limited, .enabled(if: getuid() == 0), arguments: formats)
    func noRoom(format: String) throws {
        let world = try World(format)
        let first = try world.start(world.configuration())
        #expect(try first.says("restore: succeeded"), "\(first.log)")
        #expect(try first.ask("start backup --wait").status == 0, "\(first.log)")
        #expect(first.stop() == 0)
        // The state folder of the next one is a small disk, which nobody else sees.
        let mount = "mount -t tmpfs -o size=16m tmpfs '\(world.folder["state"])' && exec \"$@\""
        let program = try world.start(
            world.configuration(on: "boot"), prefix: ["unshare", "--mount", "sh", "-c", mount, "sh"])
        #expect(try program.says("verify: failed: the restore drill was not made: not enough space at "), "\(program.log)")
        #expect(program.log.contains("MB needed"), "\(program.log)")
        #expect(program.stop() == 0, "\(program.log)")
    }

    @Test("killed in the middle of a drill: the next start removes what it has left", .limited)
    func killed() async throws {
        let world = try World("restic", inBucket: true)
        let program = try world.start(flags: ["--no-init"])
        #expect(try program.says("restore: succeeded"), "\(program.log)")
        #expect(try program.ask("start backup --wait").status == 0, "\(program.log)")
        // Slow enough to be seen.
        try await world.bucket?.server.tell("config", "{\"delay\": 1.0}")
        #expect(try program.ask("start verify").status == 0)
        #expect(try program.until("find '\(world.folder["state"])/scratch' -name tree -type d | grep -q ."), "\(program.log)")
        program.send(SIGKILL)
        _ = program.wait()
        #expect(try scratch(world) != "")
        try await world.bucket?.server.tell("config", "{\"delay\": 0}")
        let next = try world.start(flags: ["--no-init"])
        #expect(try next.until("! find '\(world.folder["state"])/scratch' -mindepth 1 2>/dev/null | grep -q ."), "\(next.log)")
        #expect(try next.ask("runs verify").output.contains("interrupted"))
        #expect(try next.ask("start verify --wait").output.contains("as a drill"), "\(next.log)")
        #expect(next.stop() == 0, "\(next.log)")
    }
}
