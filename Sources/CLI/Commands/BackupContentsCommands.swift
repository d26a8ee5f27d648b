import Archive
import ArgumentParser
import Backups
import Buckets
import Daemon
import Files
import Foundation
import JobKit
import Jobs
import Settings
import Synchronization
import TimeZones

extension BackupsCommand {
    static let selectorHelp: ArgumentHelp =
        "The backup: the beginning of its id, a time (2026-11-22, 2026-11-22T14:30, yesterday, \"2h ago\"), or latest."

    /// The files of one backup, printed while it is read.
    struct Ls: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "List the files of a backup.",
            discussion: "Prints mode, size, time and path of each, in the archive's order. With --json each is a line; the report is the last one.")

        @Argument(help: BackupsCommand.selectorHelp)
        var backup = "latest"

        @Argument(help: "Only this file or folder, as the archive names it.")
        var path: String?

        @OptionGroup var options: RepositoryOptions

        private struct Answer: Encodable {
            var repository: String
            var id: String
            var at: Date
            var files: Int
            var bytes: Int64
        }

        /// What was shown. Written by the thread that reads the archive, and read when it has ended.
        private struct Seen {
            var members = 0
            var files = 0
            var bytes: Int64 = 0
            /// The names at the top of the archive, a few of them.
            var tops: [String] = []

            /// Counts a member; gives whether it is wanted.
            mutating func take(_ member: TreeEntry, below wanted: [RawName]) -> Bool {
                let names = member.path.names
                if let top = names.first?.printable, tops.count < 20, !tops.contains(top) { tops.append(top) }
                guard names.starts(with: wanted) else { return false }
                members += 1
                if member.kind != .folder { files += 1 }
                bytes = bytes.addingUpToMost(member.size)
                return true
            }
        }

        func run() async throws {
            Console.beginLines()
            let repository = try await options.chosen()
            let version = try await Console.or { try await RepositoryPlans.find(backup, in: repository) }
            let wanted = RawName(path ?? "").names
            let seen = Mutex(Seen())
            let line = ProgressLine()
            try await RepositoryOptions.withScratch { scratch in
                try await Console.or {
                    let notes = try await repository.backups.list(version, scratch: scratch, onProgress: line.show) { member in
                        guard seen.withLock({ $0.take(member, below: wanted) }) else { return }
                        line.end()
                        if !Console.answeredLine(MemberRow(member)) { Console.out(member.line) }
                    }
                    for note in notes { Console.warning(note) }
                }
            }
            let found = seen.withLock { $0 }
            guard found.members > 0 || path == nil else {
                Console.error(
                    "the backup of \(ShownTime.text(version.date)) holds no \(path ?? "")",
                    hint: "its paths begin with \(found.tops.joined(separator: ", "))")
                throw ExitCode.failure
            }
            Console.answered(Answer(repository: repository.name, id: version.id, at: version.date, files: found.files, bytes: found.bytes))
            Console.note("\(found.files.counted("file")), \(ByteSizeText.readable(found.bytes)), in the backup of \(ShownTime.text(version.date))")
        }
    }

    /// Files of one name in several backups.
    struct Find: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "find", abstract: "Find files in the newest backups.",
            discussion: """
                Each backup is downloaded and read, newest first, and matches are printed at once. With --json each file is a line; the \
                report is the last one.
                """)

        @Argument(help: "A name or a pattern: *.db in any folder, or a path such as data/**/*.db.")
        var name: String

        @Option(name: .shortAndLong, help: "Search this many of the newest backups.")
        var number = 10

        @Flag(help: "Search all of them.")
        var all = false

        @OptionGroup var options: RepositoryOptions

        private struct Row: Encodable {
            var backup: String
            var at: Date
            var file: MemberRow
        }

        private struct Answer: Encodable {
            var repository: String
            var searched: Int
            var found: Int
        }

        func validate() throws {
            if number < 1 { throw ValidationError("--number takes 1 or more; --all searches all backups") }
            if PathPattern(name)?.isNegated ?? true { throw ValidationError("\"\(name)\" is not a name or a pattern such as *.db") }
        }

        func run() async throws {
            guard let pattern = PathPattern(name) else { return }
            Console.beginLines()
            let repository = try await options.chosen()
            let archives = repository.backups
            let versions = try await Console.or { try await archives.snapshots() }
            let searched = all ? versions : Array(versions.prefix(number))
            let found = Mutex(0)
            var damaged = 0
            for version in searched {
                let isFirst = Mutex(true)
                let line = ProgressLine(title: "\(version.shortID): ")
                do {
                    try await RepositoryOptions.withScratch { scratch in
                        _ = try await archives.list(version, scratch: scratch, onProgress: line.show) { member in
                            guard pattern.matches(member.path.names.map(\.bytes), isFolder: member.kind == .folder) else { return }
                            found.withLock { $0 += 1 }
                            if Console.answeredLine(Row(backup: version.id, at: version.date, file: MemberRow(member))) { return }
                            let starts = isFirst.withLock { first in
                                defer { first = false }
                                return first
                            }
                            if starts { Console.out(Console.paint("\(version.shortID)  stored \(ShownTime.text(version.date))", .bold)) }
                            Console.out("  " + member.line)
                        }
                    }
                } catch let error as BackupError {
                    // One that is damaged hides none of the others.
                    damaged += 1
                    Console.error("\(version.shortID) of \(ShownTime.text(version.date)): \(error)", hint: error.storage?.hint)
                }
            }
            let count = found.withLock { $0 }
            Console.answered(Answer(repository: repository.name, searched: searched.count, found: count))
            if searched.count < versions.count {
                Console.note("searched the newest \(searched.count) of \(versions.count) backups; --all searches all of them")
            }
            if damaged > 0 { throw ExitCode.failure }
            guard count > 0 else {
                Console.error("no file named \(name) is in \(searched.count.counted("backup")) of \(repository.name)")
                throw ExitCode.failure
            }
        }
    }

    /// What has changed from one backup to another, or to the live data.
    struct Diff: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "diff", abstract: "Compare two backups, or a backup with the live data.",
            discussion: """
                Files are compared by their contents, not by their times: + added, - removed, M changed, U permissions only. With --live the live \
                data are read as a backup job would store them now. With --json each change is a line; the report is the last one.
                """)

        @Argument(help: BackupsCommand.selectorHelp)
        var before: String

        @Argument(help: "The backup to compare it with; latest unless named.")
        var after: String?

        @Flag(help: "Compare it with the data of the app as they are now.")
        var live = false

        @OptionGroup var options: RepositoryOptions

        func validate() throws {
            if live, after != nil { throw ValidationError("name either a second backup or --live") }
        }

        func run() async throws {
            Console.beginLines()
            let plans = try await options.plans()
            let repository = try Console.or { try plans.repository(options.repository) }
            let old = try await Console.or { try await RepositoryPlans.find(before, in: repository) }
            let new: ComparedTree
            var source: BackupSource?
            var names = (before: ShownTime.text(old.date), after: "the live data")
            if live {
                // With what a backup leaves out left out too.
                let mine = plans.uses.filter { $0.repository.name == repository.name }
                guard let use = mine.first(where: \.isBackup) ?? mine.first else {
                    Console.error(
                        "no job stores in \"\(repository.name)\" or restores from it, so its folder is not known", hint: "add a job of type backup")
                    throw ExitCode.failure
                }
                (new, source) = (.live(use.source), use.source)
            } else {
                let version = try await Console.or { try await RepositoryPlans.find(after ?? "latest", in: repository) }
                (new, names.after) = (.backup(version), ShownTime.text(version.date))
            }
            let difference = try await Console.compare(.backup(old), new, of: source, in: repository)
            Console.answered(DifferenceAnswer(difference, before: .backup(old), after: new))
            Console.out(difference.isSame ? "the same: \(names.before) and \(names.after)" : "\(names.before) → \(names.after): \(difference.text)")
        }
    }
}

// MARK: How members and changes are shown

/// A file of a backup, for programs.
struct MemberRow: Encodable {
    enum Kind: String, Encodable {
        case file, folder, link
        case hardLink = "hard_link"
        case pipe, device
    }

    var path: String
    var type: Kind
    /// Octal, as chmod takes it.
    var mode: String
    var size: Int64?
    var modified: Date
    /// Where a link leads.
    var target: String?

    init(_ member: TreeEntry) {
        path = member.path.description
        let digits = String(member.mode, radix: 8)
        mode = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        modified = member.modified.date
        switch member.kind {
        case .file: (type, size, target) = (.file, member.size, nil)
        case .folder: (type, size, target) = (.folder, nil, nil)
        case .symbolicLink(let to): (type, size, target) = (.link, nil, to.description)
        case .hardLink(let to): (type, size, target) = (.hardLink, nil, to.description)
        case .fifo: (type, size, target) = (.pipe, nil, nil)
        case .device: (type, size, target) = (.device, nil, nil)
        }
    }
}

/// A difference of two trees, for programs: of the report, and of each line.
struct DifferenceAnswer: Encodable {
    struct Side: Encodable {
        /// Nil for the live data.
        var id: String?
        var at: Date?
        var files: Int
        var bytes: Int64
    }

    struct Change: Encodable {
        var path: String
        var change: TreeChange.Kind
        var isFolder: Bool
        var bytesBefore: Int64?
        var bytesAfter: Int64?

        init(_ change: TreeChange) {
            path = change.path.description
            (self.change, isFolder, bytesBefore, bytesAfter) = (change.kind, change.isFolder, change.before, change.after)
        }
    }

    var before: Side
    var after: Side
    var added: Int
    var removed: Int
    var changed: Int
    var isSame: Bool

    init(_ difference: TreeDifference, before: ComparedTree, after: ComparedTree) {
        func side(_ tree: ComparedTree, _ size: TreeDifference.Side) -> Side {
            guard case .backup(let version) = tree else { return Side(files: size.files, bytes: size.bytes) }
            return Side(id: version.id, at: version.date, files: size.files, bytes: size.bytes)
        }
        self.before = side(before, difference.before)
        self.after = side(after, difference.after)
        (added, removed, changed, isSame) = (difference.added, difference.removed, difference.changed, difference.isSame)
    }
}

extension TreeEntry {
    /// As `ls -l` shows it.
    fileprivate var line: String {
        let (letter, target): (Character, String) =
            switch kind {
            case .file: ("-", "")
            case .folder: ("d", "")
            case .symbolicLink(let target): ("l", " -> \(target.printable)")
            case .hardLink(let target): ("-", " (the same file as \(target.printable))")
            case .fifo: ("p", "")
            case .device: ("b", "")
            }
        let size = kind == .file ? ByteSizeText.readable(size) : ""
        return
            "\(letter)\(permissions)  \(String(repeating: " ", count: max(0, 8 - size.count)))\(size)  \(ShownTime.text(modified.date))  \(path.printable)\(target)"
    }

    private var permissions: String {
        var letters = Array("rwxrwxrwx")
        for index in 0..<9 where mode & (0o400 >> UInt32(index)) == 0 { letters[index] = "-" }
        for (bit, index, set, unset) in [(0o4000, 2, "s", "S"), (0o2000, 5, "s", "S"), (0o1000, 8, "t", "T")] as [(UInt32, Int, Character, Character)]
        where mode & bit != 0 {
            letters[index] = letters[index] == "x" ? set : unset
        }
        return String(letters)
    }
}

extension TreeChange {
    fileprivate var line: String {
        let colour: Console.Colour? =
            switch kind {
            case .added: .green
            case .removed: .red
            case .changed: .yellow
            case .mode: nil
            }
        return "\(Console.paint(mark, colour)) \(text)"
    }
}

extension Console {
    /// Compares two trees and prints what differs.
    static func compare(
        _ before: ComparedTree, _ after: ComparedTree, of source: BackupSource?, in repository: Repository
    ) async throws -> TreeDifference {
        let line = ProgressLine()
        let difference = try await RepositoryOptions.withScratch { scratch in
            try await Console.or {
                try await repository.backups.compare(before, after, of: source, scratch: scratch, onProgress: line.show) { change in
                    if Console.answeredLine(DifferenceAnswer.Change(change)) { return }
                    Console.out(change.line)
                }
            }
        }
        for note in difference.notes { Console.warning(note) }
        return difference
    }
}
