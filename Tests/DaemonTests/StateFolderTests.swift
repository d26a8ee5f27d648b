import Files
import Foundation
import TestSupport
import Testing

@testable import Daemon

/// Where the state goes when nobody says where, and what others may have put there before us.
@Suite("state folder")
struct StateFolderTests {
    private let folder = TemporaryFolder()

    private func prepare(_ places: String...) throws -> String { try StateFolder.prepare(named: nil, usual: places.map { folder[$0] }).path }

    @Test("the usual places: the system's, the user's, then temporary ones of this user")
    func usual() {
        let own = "shipkeeper-\(getuid())"
        #expect(
            StateFolder.usual(["HOME": "/h", "TMPDIR": "/t"]) == [
                "/var/lib/shipkeeper", "/h/.local/state/shipkeeper", "/t/\(own)", "/tmp/\(own)", "/var/tmp/\(own)", "/dev/shm/\(own)",
            ])
        // Neither may depend on the folder in which somebody starts it.
        #expect(StateFolder.usual(["HOME": "h", "TMPDIR": ""]) == ["/var/lib/shipkeeper", "/tmp/\(own)", "/var/tmp/\(own)", "/dev/shm/\(own)"])
    }

    @Test("the first that can be written is made, for its user alone")
    func first() throws {
        try folder.write("file", "")
        #expect(try prepare("file", "file/below", "a/b", "c") == folder["a/b"])
        for made in ["a/b", "a/b/logs", "a/b/control"] {
            #expect(try Folder.open(folder[made]).status().mode & 0o777 == 0o700, "\(made)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder["c"]))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder["a/b"]).sorted() == ["control", "logs"])
    }

    @Test("a link, and a folder that others may write to, are passed over, and nothing is made in them")
    func planted() throws {
        try folder.run("mkdir victim open; chmod 777 open; mkdir group; chmod 770 group; ln -s victim link; ln -s nowhere dangling")
        #expect(try prepare("link", "open", "group", "dangling", "own") == folder["own"])
        for planted in ["victim", "open", "group"] { #expect(try FileManager.default.contentsOfDirectory(atPath: folder[planted]).isEmpty, "\(planted)") }
        #expect(!FileManager.default.fileExists(atPath: folder["nowhere"]))
    }

    @Test("a folder of another user is passed over, and nothing is made in it", .enabled(if: geteuid() == 0))
    func foreign() throws {
        try folder.run("mkdir -m 755 theirs; chown 12345:12345 theirs")
        #expect(try prepare("theirs", "own") == folder["own"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder["theirs"]).isEmpty)
    }

    @Test("who asks again finds the folder that the file names now, also where it is a link to another file")
    func changed() throws {
        func found(_ name: String) -> [String] { StateFolder.candidates(option: nil, configuration: folder[name]).map(\.path) }
        try folder.write("one", "state: /a\n")
        try folder.write("two", "state: /b\n")
        try folder.run("ln -s one link")
        #expect(found("one") == ["/a"] && found("one") == ["/a"] && found("two") == ["/b"] && found("link") == ["/a"])
        try folder.run("ln -sfn two link")
        #expect(found("link") == ["/b"])
        // Of the same length, and set back to the old time.
        try folder.run("cp -p one old; printf 'state: /c\\n' > one; touch -r old one")
        #expect(found("one") == ["/c"] && found("link") == ["/b"])
    }

    @Test("a folder that somebody names is used as it is, and none else")
    func named() throws {
        try folder.run("mkdir -m 775 target; ln -s target link; touch file")
        #expect(try StateFolder.prepare(named: folder["link"], usual: [folder["other"]]).path == folder["link"])
        let error = #expect(throws: StateFolder.Unwritable.self) { try StateFolder.prepare(named: folder["file"], usual: [folder["other"]]) }
        #expect(error?.message.contains(folder["file"]) == true && error?.message.contains("make it writable") == true)
        #expect(!FileManager.default.fileExists(atPath: folder["other"]))
    }

    @Test("where none can be used, the message names all")
    func none() throws {
        try folder.run("touch file; mkdir victim; ln -s victim link")
        let error = #expect(throws: StateFolder.Unwritable.self) { try prepare("file", "link") }
        for name in ["file", "link", "SHIPKEEPER_STATE"] { #expect(error?.message.contains(name) == true, "\(error?.message ?? "")") }
    }

    @Test("the boot before is told once, and scratch is emptied through no link")
    func boots() throws {
        let state = try StateFolder.prepare(named: folder["state"], usual: [])
        #expect(state.exchangeBoot("one") == nil && state.exchangeBoot("two") == "one" && state.exchangeBoot("three") == "two")
        try folder.run("mkdir precious; touch precious/file; mkdir state/scratch; ln -s ../../precious state/scratch/link")
        state.clearScratch()
        #expect(FileManager.default.fileExists(atPath: folder["precious/file"]) && !FileManager.default.fileExists(atPath: folder["state/scratch"]))
        try folder.run("ln -s ../precious state/scratch")
        state.clearScratch()
        #expect(FileManager.default.fileExists(atPath: folder["precious/file"]))
    }
}
