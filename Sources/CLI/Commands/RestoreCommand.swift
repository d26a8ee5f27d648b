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
import Synchronization
import TimeZones

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Restore a backup, or one file from it.",
        discussion: """
            Without --to the data are restored in place: the current data are backed up, the services that need them stopped, the data replaced, and \
            the services started again. This works without a running shipkeeper too. With --to the backup is unpacked into another folder, and nothing else is touched.
            """)

    @Option(
        help: """
            The backup: the beginning of its id, a time (2026-11-22, 2026-11-22T14:30, yesterday, "2h ago"), or latest; with --to it is latest unless named.
            """)
    var at: String?

    @Option(help: "Unpack into this folder instead.")
    var to: String?

    @Option(help: "Only this file or folder, as the archive names it; needs --to.")
    var path: String?

    @Flag(name: .customLong("no-backup"), help: "Skip the safety backup of the current data.")
    var skipsBackup = false

    @Flag(help: "Change nothing: show what would be added (+), changed (M) and removed (-).")
    var dryRun = false

    @Flag(name: .shortAndLong, help: "Do not ask before data are replaced.")
    var yes = false

    @Option(help: "The repository, if the configuration has several.")
    var repository: String?

    @OptionGroup var server: ServerOptions

    func validate() throws {
        if at == nil, to == nil { throw ValidationError("name the backup with --at; \"shipkeeper backups\" lists them") }
        if dryRun, to != nil { throw ValidationError("--dry-run shows what a restore in place would change; --to changes nothing that is there") }
        if path != nil, to == nil { throw ValidationError("--path needs --to: a single file is not put back in place by itself") }
    }

    func run() async throws {
        if dryRun { return try await showChanges() }
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
        let line = ProgressLine()
        let report = try await Console.or {
            let folder = try Console.folder(URL(fileURLWithPath: target).path)
            guard try folder.names().isEmpty else { throw JobError("\(target) is not empty", hint: "name an empty or a new folder") }
            return try await repository.backups.unpack(version, into: folder, only: path, onProgress: line.show)
        }
        guard report.members > 0 else {
            Console.error("the backup of \(ShownTime.text(version.date)) holds no \(path ?? "files")")
            throw ExitCode.failure
        }
        Console.answered(Unpacked(id: version.id, at: version.date, folder: target, files: report.files, bytes: report.bytes))
        for skipped in report.skipped { Console.warning("left out: \(skipped)") }
        Console.say("unpacked \(report.files.counted("file")), \(ByteSizeText.readable(report.bytes)), of \(ShownTime.text(version.date)) into \(target)")
    }

    // MARK: In place

    private func inPlace() async throws {
        if await !server.isRunning(), FileManager.default.fileExists(atPath: ConfigurationFile(option: server.config).path) { return try await offline() }
        if !yes, Terminal.isInput {
            try confirm(try await server.ask(RestorePreviewOperation.self, .init(at: at, repository: repository)))
        }
        var answer = try await server.ask(RestoreOperation.self, .init(at: at, repository: repository, backup: !skipsBackup))
        var shown = 0
        let progress = ProgressLine()
        while true {
            for line in answer.lines.dropFirst(shown) { Console.say(line) }
            shown = answer.lines.count
            switch answer.state {
            case .running: if let now = answer.progress { progress.show(now) }
            case .succeeded:
                Console.answered(answer)
                return
            case .idle, .failed, .refused:
                if Console.answered(answer) { Console.error(answer.lines.last ?? "not restored", code: answer.state == .refused ? .refused : nil) }
                throw ExitCode.failure
            }
            try await server.news(after: answer.position, job: answer.job, topic: InPlaceRestore.topic)
            answer = try await server.ask(RestoreProgressOperation.self)
        }
    }

    /// Asks on a terminal whether the data are to be replaced, and ends where they are not.
    private func confirm(_ preview: RestorePreviewAnswer) throws {
        let question = "\(preview.question) \(skipsBackup ? "The current data are lost." : "The current data are backed up first.") [y/N] "
        guard Terminal.ask(wrapped(question, width: Console.width, indent: "")) else {
            Console.error("nothing was changed", hint: "--yes answers the question", code: .notConfirmed)
            throw ExitCode.failure
        }
    }

    /// The same where no program runs: the work is done here, and the state folder's lock keeps one from starting meanwhile.
    private func offline() async throws {
        let restore = try prepare()
        guard !ContainerEnvironment.isSafeMode else {
            Console.error("in safe mode nothing is restored in place", hint: "restore it elsewhere: shipkeeper restore --at \(at ?? "latest") --to FOLDER")
            throw ExitCode.failure
        }
        let selector = at ?? "latest"
        let preview = try await Console.or { try await restore.preview(selector, repository: repository) }
        Console.note("shipkeeper is not running here: restoring without it")
        if !yes { try confirm(preview) }
        let lines = Mutex<[String]>([])
        let progress = ProgressLine()
        let outcome = try await Console.or {
            try await restore.run(selector, repository: repository, backsUpFirst: !skipsBackup, onProgress: progress.show) { line in
                lines.withLock { $0.append(line) }
                Console.say(line)
            }
        }
        let all = lines.withLock { $0 }
        Console.answered(Offline(id: preview.id, at: preview.at, isRestored: outcome != .unchanged, isStored: outcome == .restored, lines: all))
        switch outcome {
        case .restored:
            let services = restore.services
            Console.out(services.isEmpty ? "the next start keeps these data" : "\(services.joined(separator: ", ")) will start with these data")
        case .restoredNotStored, .unchanged:
            if Console.isJSON { Console.error(all.last ?? "not restored") }
            throw ExitCode.failure
        }
    }

    private struct Offline: Encodable {
        var id: String
        var at: Date
        var isRestored: Bool
        /// Whether the restored data are the newest backup now.
        var isStored: Bool
        /// What was done.
        var lines: [String]
    }

    private func prepare() throws -> OfflineRestore {
        do throws(OfflineRestore.Refusal) {
            return try OfflineRestore.prepare(configuration: server.config, state: server.state, version: programVersion)
        } catch {
            switch error {
            case .start(.configuration(let path, let problems)):
                var printer = ProblemPrinter()
                printer.print(problems, file: path, consequence: "nothing was changed")
                throw Exit.badConfiguration
            case .start(.locked(let message)):
                Console.error(message, hint: "it is starting or stopping; try again in a moment")
                throw Exit.locked
            case .start(.stateFolder(let message)), .store(let message):
                Console.error(message)
                throw ExitCode.failure
            case .noState(let folder):
                Console.error(
                    "shipkeeper is not running here, and \(folder) holds no state of it",
                    hint: "name its state folder with --state, start it with \"shipkeeper run\", or unpack elsewhere with --to", code: .notRunning)
                throw Exit.notRunning
            }
        }
    }

    // MARK: Dry run

    private func showChanges() async throws {
        Console.beginLines()
        var options = RepositoryOptions()
        (options.config, options.state, options.repository) = (server.config, server.state, repository)
        let plans = try await options.plans()
        let repository = try Console.or { try plans.repository(options.repository) }
        guard let source = plans.uses.first(where: { !$0.isBackup && $0.repository.name == repository.name })?.source else {
            Console.error("no job restores from \"\(repository.name)\", so the folder is not known", hint: "add one of type restore")
            throw ExitCode.failure
        }
        let version = try await Console.or { try await RepositoryPlans.find(at ?? "latest", in: repository) }
        let difference = try await Console.compare(.live(source), .backup(version), of: source, in: repository)
        Console.answered(DifferenceAnswer(difference, before: .live(source), after: .backup(version)))
        let name = "the backup of \(ShownTime.text(version.date))"
        Console.say(
            difference.isSame ? "nothing would change: \(source.readable) is what \(name) holds" : "\(name) in place of \(source.readable): \(difference.text)")
        Console.note("dry run: nothing was changed")
    }
}

extension RestorePreviewAnswer {
    /// `Replace the data of /srv/data (3 files, 1.2 MB) with the backup of 2026-11-26 14:30 +08:00 (5 files, 2.0 MB)?`
    fileprivate var question: String {
        func text(_ size: Size) -> String { "\(size.files.counted("file")), \(ByteSizeText.readable(size.bytes))" }
        let what = "\(paths.joined(separator: ", ")) (\(current.map(text) ?? "nothing there"))"
        let with = backup.map(text) ?? "\(ByteSizeText.readable(archiveBytes)) packed"
        return "Replace the data of \(what) with the backup of \(ShownTime.text(at)) (\(with))?"
    }
}
