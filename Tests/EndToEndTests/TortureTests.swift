import Foundation
import TestSupport
import Testing

/// The short form of `Benchmarks/outlive/run torture`: the daemon is killed at random moments, and all that is recorded is compared with what has happened.
@Suite("kill -9 at random moments", .waiting, .serialized, .tags(.slow))
struct TortureTests {
    @Test("25 rounds: runs, schedules, services, logs, backups and processes are accounted for", .limited, arguments: Account.allCases)
    func rounds(account: Account) throws {
        let seed = UInt32.random(in: .min ... .max)
        // As process 1 where this is root and may make a namespace.
        let isFirst = try account == .root && Shell.run("unshare --pid --fork --mount-proc true").status == 0
        let words = "torture --program '\(SourceTree.program)' --rounds 25 --seed \(seed)\(isFirst ? "" : " --plain")"
        let result = try Shell.run("python3 '\(SourceTree.root)/Benchmarks/outlive/outlive.py' \(words)")
        #expect(result.status == 0 && result.output.contains("| rounds | 25 |"), "seed \(seed): \(result.errors)\n\(result.output)")
    }
}
