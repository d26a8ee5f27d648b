import Files
import Foundation
import TestSupport
import Testing

@Suite("Deep trees", .waiting)
struct DeepTreeTests {
    /// Makes folders one in another and gives their names.
    private func dig(_ depth: Int, in path: String, name: RawName = "folder") throws -> [RawName] {
        var cursor = FolderCursor(at: try Folder.open(path))
        for _ in 0..<depth {
            try cursor.folder.makeFolder(name)
            try cursor.descend(name)
        }
        try cursor.folder.create("file").write(Array("deep".utf8))
        return cursor.names
    }

    @Test("a tree deeper than any path is walked, opened and removed with a few descriptors")
    func walk() throws {
        let temporary = TemporaryFolder()
        let root = try Folder.open(temporary.path)
        let names = try dig(3000, in: temporary.path)
        #expect(names.count == 3000)
        let bottom = try root.folder(below: names)
        #expect(try bottom.contents(of: "file") == Array("deep".utf8))
        var cursor = FolderCursor(at: bottom)
        #expect(try cursor.ascend() == nil)
        cursor = FolderCursor(at: root)
        for name in names { try cursor.descend(name) }
        for _ in names { #expect(try cursor.ascend() == "folder") }
        #expect(try cursor.folder.status() == root.status())
        try root.removeTree("folder")
        #expect(try root.names().isEmpty)
    }

    @Test("closed folders and links are removed, and what a link leads to stays")
    func closed() throws {
        let temporary = TemporaryFolder()
        _ = try Shell.run(
            "mkdir -p keep tree/a/b tree/c && echo x > keep/file && echo y > tree/a/b/f && ln -s ../keep tree/link && ln -s nowhere tree/c/l && chmod 000 tree/a/b && chmod 500 tree/a tree/c",
            folder: temporary.path)
        let root = try Folder.open(temporary.path)
        try root.removeTree("tree")
        try root.removeTree("missing")
        #expect(try root.names() == ["keep"])
        #expect(temporary.read("keep/file") == "x\n")
    }

    @Test("a walk that finds its folder moved elsewhere ends, and goes nowhere else")
    func moved() throws {
        let temporary = TemporaryFolder()
        let names = try dig(60, in: temporary.path)
        var cursor = FolderCursor(at: try Folder.open(temporary.path))
        for name in names { try cursor.descend(name) }
        // The half below is hung into another place, where ".." is another folder.
        let path = temporary.path + String(repeating: "/folder", count: 30)
        _ = try Shell.run("mkdir other && mv '\(path)' other/", folder: temporary.path)
        #expect(throws: FileError.self) { while try cursor.ascend() != nil {} }
        #expect(cursor.depth >= 30)
    }

    @Test("no name on the way is followed where it is a link")
    func links() throws {
        let temporary = TemporaryFolder()
        _ = try Shell.run("mkdir -p real/sub && ln -s real link && ln -s /etc absolute", folder: temporary.path)
        let root = try Folder.open(temporary.path)
        #expect(try root.folder(below: ["real", "sub"] as [RawName]).exists("missing") == false)
        for names in [["link", "sub"], ["absolute", "ssl"]] as [[RawName]] {
            #expect(throws: FileError.self) { try root.folder(below: names) }
        }
    }
}
