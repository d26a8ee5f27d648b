import Foundation
import TestSupport
import Testing

/// What people see on a terminal of 80 columns while a backup or a restore goes on.
@Suite("progress on a terminal", .waiting, .serialized)
struct ProgressLineTests {
    private struct World {
        let folder = TemporaryFolder()
        let configuration: String

        init() throws {
            try folder.run("mkdir -p repo data && head -c 30000000 /dev/urandom > data/big")
            let with = "{ repository: main, path: \(folder["data"]) }"
            configuration = """
                version: 1
                state: \(folder["state"])
                repositories: { main: { type: folder, path: \(folder["repo"]) } }
                jobs:
                  恢复旅行照片与文字的数据: { type: restore, on: boot, with: \(with) }
                  备份旅行照片与文字的数据: { type: backup, needs: 恢复旅行照片与文字的数据, with: \(with) }
                """
        }

        /// What a command has drawn, a line each.
        func draw(_ words: String) throws -> [String] {
            let line = "'\(SourceTree.program)' \(words) --state '\(folder["state"])' --config '\(folder["shipkeeper.yaml"])'"
            let environment = ["TERM": "xterm", "COLUMNS": "80", "NO_COLOR": "1"]
            let result = try Shell.run("script -qec \"\(line)\" /dev/null < /dev/null", environment: environment, folder: folder.path)
            #expect(result.status == 0, "\(words): \(result)")
            let plain = result.output.replacing("\u{1b}[K", with: "").replacing("\r\n", with: "\n").replacing("\r", with: "\n")
            return plain.split(separator: "\n").map(String.init)
        }
    }

    private func check(_ lines: [String], _ steps: [String], _ place: SourceLocation = #_sourceLocation) {
        for step in steps {
            #expect(
                lines.contains { $0.hasPrefix("\(step): ") && $0.contains(" of 30.0 MB, ") && $0.contains(" %") }, "\(step): \(lines)", sourceLocation: place
            )
        }
        let drawn = lines.filter { line in steps.contains { line.hasPrefix("\($0): ") } }
        #expect(drawn.allSatisfy { $0.count < 80 }, "\(drawn)", sourceLocation: place)
    }

    @Test("a waited-for backup and a restore in place move in bytes, with the program and without it", .limited)
    func lines() throws {
        let world = try World()
        let program = try RunningProgram(world.configuration, in: world.folder)
        #expect(try program.answers() && program.ask("start 恢复旅行照片与文字的数据 --wait").status == 0, "\(program.log)")
        check(try world.draw("start 备份旅行照片与文字的数据 --wait"), ["packing"])
        try world.folder.run("echo more > data/more")
        let online = try world.draw("restore --at latest --yes")
        check(online, ["packing"])
        #expect(online.contains { $0.hasPrefix("restoring the backup of") }, "\(online)")
        #expect(program.stop() == 0)
        try world.folder.run("echo more > data/more2")
        let offline = try world.draw("restore --at latest --yes")
        // Here the work is done by the command itself: not even a step that takes no time can be missed.
        check(offline, ["packing", "unpacking"])
        // A line of the report is never drawn behind a line of progress.
        #expect(offline.contains { $0.hasPrefix("恢复旅行照片与文字的数据 succeeded") } && online.contains { $0.hasPrefix("恢复旅行照片与文字的数据 succeeded") })
        let verify = try world.draw("backups verify latest")
        #expect(verify.contains { $0.contains(": verifying: ") && $0.contains(" of 30.0 MB, ") && $0.count < 80 }, "\(verify)")
    }
}
