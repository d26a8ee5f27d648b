import Buckets
import Files
import Foundation
import TestSupport
import Testing

@testable import Storage

/// A folder is `empty` when it is, and what lies there in any other shape is found, or refused in a sentence.
@Suite("a folder is empty only when it is", .waiting)
struct EmptyFolderTests {
    private static let archive = "latest_backup.tar.gz"
    private static let checksum = "latest_backup.sha256"
    private static let t = Date(timeIntervalSince1970: 1_790_000_000)

    enum Verdict: Sendable {
        case empty
        /// The archive is found, and holds this.
        case found(String)
        /// There is something, and no archive under the name that is looked for: the restore names it.
        case other(String)
        /// In these words.
        case refused(String)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// Run in the folder.
        var shell: String
        var verdict: Verdict

        init(_ name: String, _ shell: String, _ verdict: Verdict) { (testDescription, self.shell, self.verdict) = (name, shell, verdict) }
    }

    static let places = [
        Case("nothing", "true", .empty),
        Case("a read-me and what file systems put there", "echo x > README.md; mkdir lost+found; touch .DS_Store; mkdir empty", .empty),
        Case("our own layout without a version", "mkdir -p .shipkeeper/versions/.half; touch .shipkeeper/lock .shipkeeper/versions/.half/x", .empty),
        Case("a script's two files", "echo one > latest_backup.tar.gz; echo 1 > latest_backup.sha256", .found("one")),
        Case("an archive without its checksum", "echo one > latest_backup.tar.gz", .found("one")),
        Case("a checksum without its archive", "echo 1 > latest_backup.sha256", .other("latest_backup.sha256")),
        Case("links to dated archives", "mkdir a; echo one > a/1.tar.gz; ln -s a/1.tar.gz latest_backup.tar.gz", .found("one")),
        Case("links by way of links", "mkdir a; echo one > a/1; ln -s 1 a/2; ln -s a b; ln -s \"$PWD/b/2\" latest_backup.tar.gz", .found("one")),
        Case("a link to nowhere", "ln -s a/1.tar.gz latest_backup.tar.gz", .refused("is a link to a/1.tar.gz, which is not there")),
        Case("only the checksum's link leads nowhere", "echo one > latest_backup.tar.gz; ln -s x latest_backup.sha256", .refused("is a link to x")),
        Case("a link to itself", "ln -s latest_backup.tar.gz latest_backup.tar.gz", .refused("symbolic links")),
        Case("an archive in a folder", "mkdir backup; echo one > backup/latest_backup.tar.gz", .other("backup/latest_backup.tar.gz")),
        Case("another case of letters", "echo one > Latest_Backup.tar.gz", .other("Latest_Backup.tar.gz")),
        Case("another name", "echo one > backup-2026.tgz", .other("backup-2026.tgz")),
        Case("a hidden one", "echo one > .backup.tar.gz", .other(".backup.tar.gz")),
        Case("a restic repository", "mkdir keys data; echo 1 > config; echo 1 > keys/1; echo 2 > data/2", .other("config")),
        Case("a tree that was copied file by file", "mkdir -p app/memory; echo 1 > app/memory/a.md", .other("app/memory/a.md")),
        Case("a link to a folder", "mkdir ../elsewhere; echo 1 > ../elsewhere/x; ln -s ../elsewhere latest", .other("latest")),
        Case(
            "git's pointer in the place of the archive",
            "printf 'version https://git-lfs.github.com/spec/v1\\noid sha256:%064d\\nsize 12345\\n' 7 > latest_backup.tar.gz",
            .refused("only git's pointer")),
        Case(
            "links of ours without our folder", "ln -s .shipkeeper/current/latest_backup.tar.gz latest_backup.tar.gz",
            .refused("stands for a backup in")),
        Case(
            "links of ours as text, without our folder", "printf .shipkeeper/current/latest_backup.tar.gz > latest_backup.tar.gz",
            .refused("stands for a backup in")),
        Case(
            "deep folders", "p=.; for i in $(seq 300); do p=$p/d; done; mkdir -p $p; echo 1 > $p/x",
            .other(Array(repeating: "d", count: 13).joined(separator: "/"))),
    ]

    private func check(_ verdict: Verdict, _ store: LocalFolder, _ folder: TemporaryFolder, _ name: String) async throws {
        do {
            let head = try await store.head()
            switch verdict {
            case .empty: #expect(head?.objects.isEmpty ?? true, "\(name)")
            case .found(let text):
                let version = try #require(head, "\(name)")
                let file = try await store.open(EmptyFolderTests.archive, at: version, scratch: Folder.open(folder.path))
                #expect(String(decoding: try file.read(100), as: UTF8.self) == text + "\n", "\(name)")
            case .other(let shown):
                #expect(head?.objects[EmptyFolderTests.archive] == nil, "\(name)")
                #expect(head?.objects.keys.contains(shown) ?? false, "\(name): \(head?.objects.keys.sorted() ?? [])")
            case .refused(let words):
                let version = try #require(head, "\(name)")
                let file = try await store.open(EmptyFolderTests.archive, at: version, scratch: Folder.open(folder.path))
                Issue.record("\(name): not refused with \(words), but \(try file.read(100))")
            }
        } catch let error as StorageError {
            guard case .refused(let words) = verdict else { throw error }
            #expect(error.message.contains(words), "\(name): \(error)")
            #expect(error.kind != .damaged, "\(name)")
        }
    }

    private func world() throws -> (folder: TemporaryFolder, store: LocalFolder) {
        let folder = TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder["store"], withIntermediateDirectories: true)
        return (folder, LocalFolder(path: folder["store"]))
    }

    private func object(_ name: String, _ text: String, _ folder: TemporaryFolder) throws -> NewObject {
        try folder.write("new/\(name)", text)
        return NewObject(name: name, folder: try Folder.open(folder["new"]), file: RawName(name))
    }

    private func commit(_ text: String, _ store: LocalFolder, _ folder: TemporaryFolder, expecting head: String?, at seconds: Double = 0) async throws
        -> StoreVersion
    {
        try await store.commit(
            [object(EmptyFolderTests.archive, text + "\n", folder), object(EmptyFolderTests.checksum, "sum of \(text)\n", folder)], expecting: head,
            at: EmptyFolderTests.t + seconds)
    }

    @Test("what others have put there is found or named", .limited, arguments: places)
    func foreign(_ example: Case) async throws {
        let (folder, store) = try world()
        try Shell.run(example.shell, folder: folder["store"])
        try await check(example.verdict, store, folder, example.testDescription)
    }

    /// Done to a store that holds two versions, `one` and `two`.
    static let changes = [
        Case("as it is", "true", .found("two")),
        Case("links were followed", "cd .. && cp -rL store copy && rm -rf store && mv copy store", .found("two")),
        Case("links were dropped", "rm latest_backup.* .shipkeeper/current", .found("two")),
        Case("links became texts", "for f in latest_backup.* .shipkeeper/current; do t=$(readlink $f); rm $f; printf %s \"$t\" > $f; done", .found("two")),
        Case(
            "links became files of another name",
            "for f in latest_backup.* .shipkeeper/current; do t=$(readlink $f); rm $f; printf %s \"$t\" > $f.rclonelink; done", .found("two")),
        Case("links lead to the place it was copied from", "t=$PWD; for f in latest_backup.*; do ln -sfn $t/.shipkeeper/current/$f $f; done", .found("two")),
        Case("our folder is a link", "mv .shipkeeper ../ours && ln -s ../ours .shipkeeper", .found("two")),
        Case("the folder of versions is a link", "mv .shipkeeper/versions ../v && ln -s ../../v .shipkeeper/versions", .found("two")),
        Case("the plain names are gone", "rm latest_backup.*", .found("two")),
        Case("a script has stored since", "rm latest_backup.tar.gz; echo three > latest_backup.tar.gz", .found("three")),
        Case(
            "a script has stored since, by links", "mkdir a; echo three > a/3; ln -sfn a/3 latest_backup.tar.gz; ln -sfn a/3 latest_backup.sha256",
            .found("three")),
        Case("our folder was left behind", "rm -r .shipkeeper", .refused("stands for a backup in")),
        Case("all versions are gone", "rm -r .shipkeeper/versions/*", .refused("is not in")),
        Case("the newest version is gone", "rm -r .shipkeeper/$(readlink .shipkeeper/current)", .refused("and older ones are")),
        Case("the newest version is gone, and the link", "rm -r .shipkeeper/$(readlink .shipkeeper/current) .shipkeeper/current", .found("one")),
    ]

    @Test(
        "a copy of a repository is one, whatever became of its links; what comes next is seen under the plain names", .limited,
        arguments: changes)
    func copies(_ example: Case) async throws {
        let (folder, store) = try world()
        let one = try await commit("one", store, folder, expecting: nil)
        _ = try await commit("two", store, folder, expecting: one.id, at: 60)
        let result = try Shell.run(example.shell, folder: folder["store"])
        #expect(result.status == 0, "\(result.errors)")
        try await check(example.verdict, store, folder, example.testDescription)
        guard case .found = example.verdict else { return }
        let head = try await store.head()
        #expect(try await store.versions().first?.id == head?.id)
        let next = try await commit("next", store, folder, expecting: head?.id, at: 600)
        #expect(folder.read("store/\(EmptyFolderTests.archive)") == "next\n")
        #expect(folder.read("store/\(EmptyFolderTests.checksum)") == "sum of next\n")
        #expect(try await store.head()?.id == next.id)
        let kept = try await store.versions()
        for version in kept {
            let file = try await store.open(EmptyFolderTests.archive, at: version, scratch: Folder.open(folder.path))
            #expect(try !file.read(100).isEmpty)
        }
        let texts = try await contents(kept, store, folder)
        #expect(texts.contains("one\n") && texts.first == "next\n", "\(texts)")
    }

    private func contents(_ versions: [StoreVersion], _ store: LocalFolder, _ folder: TemporaryFolder) async throws -> [String] {
        var texts: [String] = []
        for version in versions {
            let file = try await store.open(EmptyFolderTests.archive, at: version, scratch: Folder.open(folder.path))
            texts.append(String(decoding: try file.read(100), as: UTF8.self))
        }
        return texts
    }

    @Test("after links to dated archives, backups are seen under the plain names, and the dated ones stay", .limited)
    func afterLinks() async throws {
        let (folder, store) = try world()
        try Shell.run(
            "mkdir a; echo one > a/1.tar.gz; echo 'sum of one' > a/1.sha256; ln -s a/1.tar.gz latest_backup.tar.gz; ln -s a/1.sha256 latest_backup.sha256",
            folder: folder["store"])
        let head = try #require(try await store.head())
        _ = try await commit("two", store, folder, expecting: head.id)
        #expect(folder.read("store/\(EmptyFolderTests.archive)") == "two\n")
        #expect(folder.read("store/\(EmptyFolderTests.checksum)") == "sum of two\n")
        #expect(folder.read("store/a/1.tar.gz") == "one\n")
        #expect(try await contents(store.versions(), store, folder) == ["two\n", "one\n"])
    }

    @Test("a folder that is missing, a link to nowhere or no folder is refused", .limited)
    func noFolder() async throws {
        let folder = TemporaryFolder()
        try Shell.run("ln -s /nowhere/at/all link; echo x > file; mkdir real; ln -s real good", folder: folder.path)
        for (name, words) in [("missing", "does not exist"), ("link", "is a link to /nowhere/at/all, which is not there"), ("file", "is not a folder")] {
            await #expect { try await LocalFolder(path: folder[name]).head() } throws: { "\($0)".contains(words) }
        }
        #expect(try await LocalFolder(path: folder["good"]).head() == nil)
    }

    @Test("what may not be looked at is no empty folder", .limited, .enabled(if: !FileUser.isRoot))
    func unreadable() async throws {
        for shell in ["chmod 000 .", "chmod 600 .", "mkdir .shipkeeper; chmod 000 .shipkeeper", "mkdir backup; chmod 000 backup"] {
            let (folder, store) = try world()
            try Shell.run("mkdir -p .shipkeeper/versions; " + shell, folder: folder["store"])
            await #expect { try await store.head() } throws: { ($0 as? StorageError)?.kind == .unauthorized }
        }
    }

    @Test("a lock that another process keeps is waited for, but not for ever", .limited)
    func lock() async throws {
        let (folder, _) = try world()
        let store = LocalFolder(path: folder["store"], lockPatience: .milliseconds(200))
        let one = try await commit("one", store, folder, expecting: nil)
        let holder = try Folder.open(folder["store/.shipkeeper"]).openOrCreate("lock")
        try holder.lock()
        await #expect { try await commit("two", store, folder, expecting: one.id) } throws: {
            ($0 as? StorageError)?.kind == .unavailable && "\($0)".contains("another process has held")
        }
        #expect(try await store.head()?.id == one.id)
        let patient = LocalFolder(path: folder["store"], lockPatience: .seconds(3600))
        let task = Task { try await self.commit("two", patient, folder, expecting: one.id) }
        task.cancel()
        await #expect { try await task.value } throws: { ($0 as? StorageError)?.kind == .cancelled }
        withExtendedLifetime(holder) {}
    }

    @Test("a version has an id by which its time is known, whatever time its files bear", arguments: [Int64.min, 0, 1_790_000_000, .max])
    func ids(seconds: Int64) {
        let date = FileTime(seconds: seconds).date
        // Those before 1970 count as the oldest.
        #expect(VersionID.date(of: VersionID.make(date)) == max(date, Date(timeIntervalSince1970: 0)))
    }
}
