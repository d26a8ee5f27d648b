import Backups
import Files
import Foundation
import Storage
import TestSupport

/// A tree `app`, a repository `repo`, and what a backup of the one in the other comes to.
struct SourceWorld {
    let folder = TemporaryFolder()
    let repository: ArchiveRepository
    let source: BackupSource
    private let start = Date(timeIntervalSince1970: 1_790_000_000)

    init(exclude: [String] = [], include: [String] = []) throws {
        try FileManager.default.createDirectory(atPath: folder["repo"], withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: folder["app"], withIntermediateDirectories: true)
        repository = ArchiveRepository(store: LocalFolder(path: folder["repo"]), retention: Retention(), cores: 2)
        source = BackupSource(path: folder["app"], filter: PathFilter(exclude: exclude, include: include))
    }

    struct Backup {
        var outcome: BackupOutcome

        var version: Snapshot? { if case .stored(let version, _, _) = outcome { version } else { nil } }
        var report: SnapshotReport? { if case .stored(_, let report, _) = outcome { report } else { nil } }
        var isUnchanged: Bool { if case .unchanged = outcome { true } else { false } }

        /// What a container knows that has made this backup.
        var lineage: Lineage {
            guard case .stored(let version, let report, let fingerprint) = outcome else { return Lineage() }
            return .known(head: version.id, checksum: report.checksum, whole: report.incomplete.isEmpty ? fingerprint : nil)
        }
    }

    /// - Parameter whilePacking: Called by the thread that packs, whenever it says how far it has come.
    func backUp(
        after last: Backup? = nil, scratch: String = "scratch", whilePacking: @escaping @Sendable (_ files: Int, _ bytes: Int64) -> Void = { _, _ in }
    ) async throws -> Backup {
        let outcome = try await repository.backUp(
            source, last?.lineage ?? Lineage(), BackupRequest(scratch: folder[scratch], aside: "test", now: start),
            onProgress: { if $0.step == .packing { whilePacking($0.files ?? 0, $0.bytes ?? 0) } }, onPacked: { _, _ in })
        return Backup(outcome: outcome)
    }

    func restore(_ id: String = "1") async throws -> TreeRestorer.Outcome {
        try await TreeRestorer(repository: repository, source: source, id: id).restore { _ in }
    }

    /// Runs a line of shell in the world's folder.
    @discardableResult
    func shell(_ line: String) throws -> Shell.Result { try Shell.run(line, folder: folder.path) }

    /// Runs a piece of Python in the world's folder; gives what it printed.
    @discardableResult
    func python(_ text: String) throws -> String {
        let name = "script-\(UUID().uuidString.prefix(8)).py"
        try folder.write(name, text)
        let result = try shell("python3 \(name)")
        if result.status != 0 { throw Failed(words: result.errors) }
        return result.output
    }

    struct Failed: Error { var words: String }

    /// A process that goes on: it has printed a line when this returns, and ends when its input does.
    func background(_ text: String) throws -> Process {
        let name = "background-\(UUID().uuidString.prefix(8)).py"
        try folder.write(name, text)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", folder[name]]
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        _ = try output.fileHandleForReading.read(upToCount: 1)
        return process
    }

    /// Unpacks the newest archive into `out`, as anybody would.
    func unpack(_ program: String = "tar") throws {
        let result = try shell("chmod -R u+rwx out 2>/dev/null; rm -rf out && mkdir out && \(program) -C out -xzf repo/latest_backup.tar.gz")
        if result.status != 0 { throw Failed(words: result.errors) }
    }

    /// Whether an unpacked database is the live one byte for byte, but for the counters of changes in its header.
    func isSameDatabase(_ name: String) throws -> Bool {
        let text = """
            def read(path):
                b = bytearray(open(path, 'rb').read()); b[24:28] = b[40:44] = b[92:96] = b[96:100] = bytes(4); return b
            print(read('app/\(name)') == read('out/app/\(name)'))
            """
        return try python(text) == "True\n"
    }

    /// Every name below a folder with its size, times of content and status, so that any trace shows.
    func traces(_ name: String = "app") throws -> String {
        try shell("find \(name) -printf '%P %s %T@ %C@ %m\\n' | sort").output
    }
}
