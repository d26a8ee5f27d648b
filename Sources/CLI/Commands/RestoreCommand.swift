import ArgumentParser
import Backups
import Control
import Daemon
import Files
import Foundation
import InPlaceRestore
import JobKit
import Jobs
import Processes
import Settings
import Storage
import TimeZones

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Restore a backup, or one file from it.",
        discussion: """
            Without --to the running program does it in place: it stores what is there now, stops the services, restores, and starts \
            them again. With --to the backup is unpacked into a folder of your choice, and nothing else is touched.
            """)

    @Option(
        help: """
            The backup: the beginning of its id, an instant (2026-11-22, 2026-11-22T14:30, yesterday, "2h ago"), or latest; with --to it is latest unless named.
            """)
    var at: String?

    @Option(help: "Unpack into this folder instead.")
    var to: String?

    @Option(help: "Only this file or folder, as the archive names it; needs --to.")
    var path: String?

    @Flag(name: .customLong("no-backup"), help: "Skip the safety backup of the current data.")
    var skipsBackup = false

    @Flag(name: .shortAndLong, help: "Do not ask before data are replaced.")
    var yes = false

    @Option(help: "The repository, where the configuration has several.")
    var repository: String?

    @OptionGroup var server: ServerOptions

    func validate() throws {
        if at == nil, to == nil { throw ValidationError("name the backup with --at; \"shipkeeper backups\" lists them") }
        if path != nil, to == nil { throw ValidationError("--path needs --to: a single file is not put back in place by itself") }
    }

    func run() async throws {
        if let to { try await unpack(into: to) } else { try await inPlace() }
    }

    private struct Unpacked: Encodable {
        var id: String
        var at: Date
        var folder: String
        var files: Int
        var bytes: Int64
    }

    private func unpack(into target: String) async throws {
        var options = RepositoryOptions()
        (options.config, options.state, options.repository) = (server.config, server.state, repository)
        let repository = try await options.chosen()
        let version = try await Console.or { try await RepositoryPlans.find(at ?? "latest", in: repository) }
        let report = try await Console.or {
            let folder = try Console.folder(URL(fileURLWithPath: target).path)
            guard try folder.names().isEmpty else { throw JobError("\(target) is not empty", hint: "name an empty or a new folder") }
            return try await repository.archives().unpack(version, into: folder, only: path) {
                Console.progress("downloading \(ByteSizeText.readable($0)) of \(ByteSizeText.readable($1))")
            }
        }
        Console.progress("")
        guard report.members > 0 else {
            Console.error("the backup of \(ShownTime.text(version.date)) holds no \(path ?? "files")")
            throw ExitCode.failure
        }
        Console.answered(Unpacked(id: version.id, at: version.date, folder: target, files: report.files, bytes: report.bytes))
        for skipped in report.skipped { Console.warning("left out: \(skipped)") }
        Console.out("unpacked \(report.files.counted("file")), \(ByteSizeText.readable(report.bytes)), of \(ShownTime.text(version.date)) into \(target)")
    }

    private func inPlace() async throws {
        let safety = skipsBackup ? "The current data are lost" : "The current data are backed up first"
        guard yes || Terminal.ask("Replace the live data by the backup \(at ?? "latest")? \(safety). [y/N] ") else {
            Console.error("nothing was changed", hint: "--yes answers the question", code: .notConfirmed)
            throw ExitCode.failure
        }
        var answer = try await server.ask(RestoreOperation.self, .init(at: at, repository: repository, backup: !skipsBackup))
        var shown = 0
        while true {
            for line in answer.lines.dropFirst(shown) { Console.out(line) }
            shown = answer.lines.count
            switch answer.state {
            case .running: break
            case .succeeded:
                Console.answered(answer)
                return
            case .idle, .failed, .refused:
                if Console.answered(answer) { Console.error(answer.lines.last ?? "not restored", code: answer.state == .refused ? .refused : nil) }
                throw ExitCode.failure
            }
            try await server.awaitNews(after: answer.position, topic: InPlaceRestore.topic)
            answer = try await server.ask(RestoreProgressOperation.self)
        }
    }
}
