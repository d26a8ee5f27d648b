import Backups
import Files
import Foundation
import Storage
import TestSupport
import Testing

/// What a restore makes of a folder in which others have put something.
@Suite("a restore is empty only when there is nothing", .waiting)
struct EmptyRestoreTests {
    enum End: Sendable {
        case empty, restored
        /// With these words.
        case refused(String)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// Run in the repository; `../old.tar.gz` is an archive of a tree with `keep.txt`.
        var shell: String
        var end: End

        init(_ name: String, _ shell: String, _ end: End) { (testDescription, self.shell, self.end) = (name, shell, end) }
    }

    static let cases = [
        Case("nothing", "true", .empty),
        Case("a read-me", "echo hello > README.md", .empty),
        Case("links to dated archives", "mkdir a; cp ../old.tar.gz a/1.tar.gz; ln -s a/1.tar.gz latest_backup.tar.gz", .restored),
        Case(
            "links to a dated archive and its checksum",
            "mkdir a; cp ../old.tar.gz a/1.tar.gz; sha256sum < a/1.tar.gz > a/1.sum; ln -s a/1.tar.gz latest_backup.tar.gz; ln -s a/1.sum latest_backup.sha256",
            .restored),
        Case("an archive in a folder", "mkdir backup; cp ../old.tar.gz backup/latest_backup.tar.gz", .refused("holds backup/latest_backup.tar.gz, but no")),
        Case("another name", "cp ../old.tar.gz Latest_Backup.tar.gz", .refused("holds Latest_Backup.tar.gz, but no")),
        Case("a checksum alone", "sha256sum < ../old.tar.gz > latest_backup.sha256", .refused("holds latest_backup.sha256, but no")),
        Case("a link to nowhere", "ln -s gone.tar.gz latest_backup.tar.gz", .refused("is a link to gone.tar.gz")),
        Case("the archive's link leads nowhere", "ln -s gone latest_backup.tar.gz; echo 1 > latest_backup.sha256", .refused("is a link to gone")),
    ]

    @Test("what lies there is restored or named", .limited, arguments: cases)
    func restore(_ example: Case) async throws {
        let folder = TemporaryFolder()
        let made = try Shell.run(
            "mkdir -p repo old/app && echo precious > old/app/keep.txt && tar -C old -czf old.tar.gz app && cd repo && { \(example.shell); }",
            folder: folder.path)
        #expect(made.status == 0, "\(made.errors)")
        let repository = ArchiveRepository(store: LocalFolder(path: folder["repo"]), retention: Retention(), cores: 2)
        let restorer = TreeRestorer(repository: repository, source: BackupSource(path: folder["home/app"]), id: "test")
        try FileManager.default.createDirectory(atPath: folder["home"], withIntermediateDirectories: true)
        do {
            switch (try await restorer.restore { _ in }, example.end) {
            case (.empty, .empty), (.restored, .restored): break
            case (let outcome, _): Issue.record("\(outcome)")
            }
        } catch {
            guard case .refused(let words) = example.end else { throw error }
            #expect("\(error)".contains(words), "\(error)")
        }
        #expect((folder.read("home/app/keep.txt") != nil) == { if case .restored = example.end { true } else { false } }())
    }
}
