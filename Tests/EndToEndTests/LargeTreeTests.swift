import Foundation
import TestSupport
import Testing

@Suite("large trees", .waiting, .serialized)
struct LargeTreeTests {
    /// The most memory that a backup and a restore elsewhere of so many files have taken beyond what the program takes anyway, in kB.
    private func memory(files: Int) throws -> (backup: Int, restore: Int) {
        let folder = TemporaryFolder()
        try folder.run(
            """
            mkdir data repo
            python3 -c '
            import os
            for n in range(\(files)):
                if n % 500 == 0: os.mkdir("data/%d" % (n // 500))
                open("data/%d/some-file-name-%d" % (n // 500, n), "w").close()
            '
            """)
        let program = try RunningProgram(
            """
            version: 1
            state: \(folder["state"])
            repositories: { main: { type: folder, path: \(folder["repo"]) } }
            jobs:
              restore: { type: restore, on: boot, with: { repository: main, path: \(folder["data"]) } }
              backup: { type: backup, on: { every: 9h }, needs: restore, with: { repository: main, path: \(folder["data"]) } }
            """, in: folder, flags: ["--no-init"])
        #expect(try program.hasDone("restore"), "\(program.log)")
        func highest() throws -> Int { try Int(Shell.run("awk '/VmHWM/ { printf $2 }' /proc/\(program.id)/status").output) ?? 0 }
        let before = try highest()
        let backup = try program.ask("start backup --wait")
        #expect(backup.output.contains("stored \(files) files"), "\(backup)")
        let taken = try highest() - before
        #expect(program.stop() == 0)
        let words = "restore --to '\(folder["there"])' --config '\(folder["shipkeeper.yaml"])'"
        let script = "import resource, subprocess, sys; subprocess.run(sys.argv[1], shell=True); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        let restore = try Shell.run("python3 -c '\(script)' \"'\(SourceTree.program)' \(words)\" | tail -1")
        #expect(try Shell.run("find there -type f | wc -l", folder: folder.path).output == "\(files)\n")
        return (taken, Int(restore.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? .max)
    }

    @Test("fifty times the files take no more memory, in a backup and in a restore", .tags(.slow), .limited)
    func bounded() throws {
        let (small, large) = (try memory(files: 2000), try memory(files: 100_000))
        #expect(large.backup - small.backup < 24_000, "\(small) kB and \(large) kB")
        #expect(large.restore - small.restore < 32_000, "\(small) kB and \(large) kB")
    }
}
