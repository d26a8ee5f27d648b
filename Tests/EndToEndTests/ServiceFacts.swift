import Foundation
import TestSupport
import Testing

/// Looks at a program and its services as a person does, over the ends of the program.
protocol ServiceWatcher {}

struct Facts: Decodable, Equatable {
    struct Run: Decodable, Equatable {
        var id: Int64
        var started_at: String
    }
    var process: Int32?
    var launches: Int?
    var restarts: Int?
    var state: String
    var run: Run?
}

extension ServiceWatcher {
    func start(_ jobs: String, _ folder: TemporaryFolder, more: String = "") throws -> RunningProgram {
        try RunningProgram("version: 1\nstate: \(folder["state"])\nstop_budget: 60s\n\(more)jobs:\n\(jobs)\n", in: folder)
    }

    func facts(_ program: RunningProgram, job: String = "app") throws -> Facts {
        let query = "'\(SourceTree.program)' status --json --state '\(program.folder["state"])' | jq -c '.data.jobs[] | select(.name == \"\(job)\")'"
        return try JSONDecoder().decode(Facts.self, from: Data(try Shell.run(query).output.utf8))
    }

    func isReady(_ program: RunningProgram, _ restarts: Int, job: String = "app") throws -> Bool {
        let query = ".data | .restarts == \(restarts) and (.jobs[] | select(.name == \"\(job)\") | .state == \"ready\")"
        return try program.until("'\(SourceTree.program)' status --json --state '\(program.folder["state"])' | jq '\(query)' | grep -qx true")
    }

    func daemon(of program: RunningProgram, not other: Int32 = 0) throws -> Int32 {
        try #require(try program.until("pgrep -P \(program.id) -f no-init | grep -qvx \(other)"), "\(program.log)")
        let found = try Shell.run("pgrep -P \(program.id) -f no-init | grep -vx \(other)").output
        return try #require(Int32(found.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    /// What `status` says of the program itself.
    func status(_ program: RunningProgram, _ key: String) throws -> String {
        let query = "'\(SourceTree.program)' status --json --state '\(program.folder["state"])' | jq -r '.data.\(key)'"
        return try Shell.run(query).output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
