import ArgumentParser
import Backups
import Control
import Daemon
import Files
import Foundation
import JobKit
import Jobs
import Settings
import Storage
import TimeZones

struct BackupsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backups", abstract: "List, inspect, compare, verify and export backups.",
        subcommands: [List.self, Ls.self, Find.self, Diff.self, Verify.self, Export.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List the stored backups, newest first.")

        @OptionGroup var options: RepositoryOptions

        func run() async throws {
            let repository = try await options.chosen()
            let archives = repository.backups
            let versions = try await Console.or { try await archives.snapshots() }
            let notes = await server(of: repository)
            let answer = repository.answer(versions, notes)
            let rows = answer.backups
            if Console.answered(answer) { return }
            guard !rows.isEmpty else { return Console.out("\(repository.name) holds no backup yet") }
            var table = TextTable(["BACKUP", "STORED", "AGE", "FILES", "SIZE", "PACKED", "KEPT AS"], flexible: 6, isWrapping: true)
            for (version, row) in zip(versions, rows) {
                table.add([
                    .init(version.shortID, .bold), .init(ShownTime.text(row.at)), .init(DurationText.readable(Date().since(row.at))),
                    .init(row.files.map { "\($0)" } ?? ""), .init(row.bytes.map { ByteSizeText.readable($0) } ?? ""),
                    .init(ByteSizeText.readable(row.archiveBytes)), .init(row.isKept ? row.reasons.joined(separator: ", ") : "-"),
                ])
            }
            Console.out(table.lines(width: Console.width))
            if rows.contains(where: { !$0.isKept }) { Console.out("KEPT AS -: removed after the next backup") }
            for version in versions {
                if let damage = notes?.damaged[version.id] { Console.out("\(version.shortID) could not be restored: \(damage)") }
                if version.id == notes?.pinned { Console.out("\(version.shortID) is pinned because a much smaller tree was stored after it") }
                if version.id == notes?.lastWhole { Console.out("\(version.shortID) is the last complete backup: those after it are incomplete") }
            }
            try await showAside(archives)
        }

        /// What the running program knows of them; nil where none runs here.
        private func server(of repository: Repository) async -> BackupNotesAnswer? {
            let server = ServerOptions(config: options.config, state: options.state)
            return await server.askQuietly(BackupNotesOperation.self, .init(repository: repository.name))
        }

        /// Trees of containers that were not allowed to take the newest backup's place.
        private func showAside(_ archives: any BackupRepository) async throws {
            let objects = try await Console.or { try await archives.head()?.otherObjects ?? [:] }
            for (name, size) in objects.sorted(by: { $0.key < $1.key }) where name.hasPrefix(ArchiveNames.aside) {
                Console.out("conflict copy from another container: \(name), \(ByteSizeText.readable(size))")
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify", abstract: "Download a backup and check that it can be restored, without writing it.",
            discussion: "Exits with 0 when every byte is as it was stored and the archive can be unpacked, else with 1.")

        @Argument(help: "The backup: the beginning of its id, a time (2026-11-22, 2026-11-22T14:30), or latest.")
        var backup = "latest"

        @Flag(help: "Check all of them.")
        var all = false

        @OptionGroup var options: RepositoryOptions

        private struct Answer: Encodable {
            var repository: String
            var backups: [VerifyAnswer]
        }

        func run() async throws {
            let plans = try await options.plans()
            let repository = try Console.or { try plans.repository(options.repository) }
            let source = plans.source(of: repository)
            let archives = repository.backups
            let versions = try await Console.or { try await archives.snapshots() }
            let chosen = all ? versions : [try await Console.or { try await RepositoryPlans.find(backup, in: repository) }]
            var verdicts: [VerifyAnswer] = []
            for version in chosen {
                verdicts.append(try await RepositoryOptions.withScratch { await check(version, repository, source, $0) })
            }
            Console.answered(Answer(repository: repository.name, backups: verdicts))
            if chosen.isEmpty { Console.error("\(repository.name) holds no backup yet") }
            if verdicts.contains(where: { !$0.isWhole }) || chosen.isEmpty { throw ExitCode.failure }
        }

        private func check(_ version: Snapshot, _ repository: Repository, _ source: BackupSource?, _ scratch: String) async -> VerifyAnswer {
            let name = "\(version.shortID) of \(ShownTime.text(version.date))"
            let line = ProgressLine(title: "\(version.shortID): ")
            let answer = await repository.verification(of: version, holding: source, scratch: scratch, onProgress: line.show)
            if let problem = answer.problem {
                Console.error("\(name): \(problem)")
            } else {
                Console.out("\(name): whole, \((answer.files ?? 0).counted("file")), \(ByteSizeText.readable(answer.bytes ?? 0))")
            }
            for note in answer.notes { Console.out("  note: \(note)") }
            return answer
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export", abstract: "Write a verified backup to a plain .tar.gz file.")

        @Argument(help: "The backup: the beginning of its id, a time, or latest.")
        var backup = "latest"

        @Option(help: "The file to write.")
        var to: String

        @OptionGroup var options: RepositoryOptions

        private struct Answer: Encodable {
            var id: String
            var at: Date
            var file: String
            var files: Int
            var archiveBytes: Int64
        }

        func run() async throws {
            let repository = try await options.chosen()
            let version = try await Console.or { try await RepositoryPlans.find(backup, in: repository) }
            let url = URL(fileURLWithPath: to)
            guard !FileManager.default.fileExists(atPath: url.path) else {
                Console.error("\(to) already exists", hint: "name another file, or remove it", code: .refused)
                throw ExitCode.failure
            }
            let line = ProgressLine()
            let contents = try await Console.or {
                let folder = try Console.folder(url.deletingLastPathComponent().path)
                return try await repository.backups.export(version, to: url.lastPathComponent, in: folder, onProgress: line.show)
            }
            Console.answered(
                Answer(id: version.id, at: version.date, file: url.path, files: contents.files, archiveBytes: contents.archiveBytes))
            Console.out(
                "wrote \(url.path): \(contents.files.counted("file")), \(ByteSizeText.readable(contents.archiveBytes)), of \(ShownTime.text(version.date))")
        }
    }
}

extension Console {
    /// An open folder, made where it is missing.
    static func folder(_ path: String) throws -> Folder {
        do { return try Folder.make(path) } catch { throw JobError("\(error)") }
    }
}
