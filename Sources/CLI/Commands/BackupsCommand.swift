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

        private struct Row: Encodable {
            var id: String
            var at: Date
            var archiveBytes: Int64
            var sha256: String?
            /// What it holds; nil where this container has not stored it, or no program runs.
            var files: Int?
            var bytes: Int64?
            /// Whether it stays: by the retention rule, or because it is pinned.
            var isKept: Bool
            var reasons: [KeepReason]
            /// Why a restore could not use it, as the running program noted it.
            var damage: String?
        }

        private struct Answer: Encodable {
            var repository: String
            var backups: [Row]
        }

        func run() async throws {
            let repository = try await options.chosen()
            let archives = repository.archives()
            let versions = try await Console.or { try await archives.backups() }
            let notes = await server(of: repository)
            let reasons = archives.keepReasons(of: versions, pinned: notes?.pinned, lastComplete: notes?.lastWhole)
            let rows = versions.map { version in
                let why = reasons[version.id] ?? []
                let size = notes?.sizes[version.id]
                return Row(
                    id: version.id, at: version.date, archiveBytes: version.objects[ArchiveNames.archive] ?? 0,
                    sha256: version.digests[ArchiveNames.archive], files: size?.files, bytes: size?.bytes, isKept: !why.isEmpty, reasons: why,
                    damage: notes?.damaged[version.id])
            }
            if Console.answered(Answer(repository: repository.name, backups: rows)) { return }
            guard !rows.isEmpty else { return Console.out("\(repository.name) holds no backup yet") }
            var table = TextTable(["BACKUP", "STORED", "AGE", "FILES", "SIZE", "PACKED", "KEPT AS"], flexible: 6, isWrapping: true)
            for (version, row) in zip(versions, rows) {
                table.add([
                    .init(version.shortID, .bold), .init(ShownTime.text(row.at)), .init(DurationText.readable(Date().since(row.at))),
                    .init(row.files.map { "\($0)" } ?? ""), .init(row.bytes.map { ByteSizeText.readable($0) } ?? ""),
                    .init(ByteSizeText.readable(row.archiveBytes)), .init(row.isKept ? row.reasons.map(\.rawValue).joined(separator: ", ") : "-"),
                ])
            }
            for line in table.lines(width: Console.width) { Console.out(line) }
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
            var server = ServerOptions()
            (server.config, server.state) = (options.config, options.state)
            return await server.askQuietly(BackupNotesOperation.self, .init(repository: repository.name))
        }

        /// Trees of containers that were not allowed to take the newest backup's place.
        private func showAside(_ archives: ArchiveRepository) async throws {
            let objects = try await Console.or { try await archives.head()?.objects ?? [:] }
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
            var backups: [Verdict]
        }

        private struct Verdict: Encodable {
            var id: String
            var at: Date
            var isWhole: Bool
            var files: Int?
            var bytes: Int64?
            /// What is odd and does no harm.
            var notes: [String] = []
        }

        func run() async throws {
            let plans = try await options.plans()
            let repository = try Console.or { try plans.repository(options.repository) }
            // What a restore job would look for in it.
            let source = plans.uses.first { !$0.isBackup && $0.repository.name == repository.name }?.source
            let archives = repository.archives()
            let versions = try await Console.or { try await archives.backups() }
            let chosen = all ? versions : [try await Console.or { try await RepositoryPlans.find(backup, in: repository) }]
            var verdicts: [Verdict] = []
            for version in chosen {
                verdicts.append(try await RepositoryOptions.withScratch { await check(version, archives, source, $0) })
            }
            Console.answered(Answer(repository: repository.name, backups: verdicts))
            if chosen.isEmpty { Console.error("\(repository.name) holds no backup yet") }
            if verdicts.contains(where: { !$0.isWhole }) || chosen.isEmpty { throw ExitCode.failure }
        }

        private func check(_ version: StoreVersion, _ archives: ArchiveRepository, _ source: BackupSource?, _ scratch: String) async -> Verdict {
            let name = "\(version.shortID) of \(ShownTime.text(version.date))"
            let line = ProgressLine(title: "\(version.shortID): ")
            do {
                let contents = try await archives.verify(version, holding: source, scratch: scratch, onProgress: line.show)
                Console.out("\(name): whole, \(contents.files.counted("file")), \(ByteSizeText.readable(contents.bytes))")
                for note in contents.notes { Console.out("  note: \(note)") }
                return Verdict(
                    id: version.id, at: version.date, isWhole: true, files: contents.files, bytes: contents.bytes, notes: contents.notes.map { "\($0)" })
            } catch {
                Console.error("\(name): \(error)")
                return Verdict(id: version.id, at: version.date, isWhole: false)
            }
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
                return try await repository.archives().export(version, to: url.lastPathComponent, in: folder, onProgress: line.show)
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
