import Files
import Foundation
import TestSupport
import Testing

@Suite("watching odd trees", .waiting)
struct DeepWatchTests {
    private func notices(_ watcher: inout FolderWatcher) -> Bool {
        for _ in 0..<50 where watcher.wait(.milliseconds(100)) != .nothing { return true }
        return false
    }

    @Test("a change deeper than any path, and one in a folder whose name is no UTF-8, are noticed", .limited)
    func deep() throws {
        let temporary = TemporaryFolder()
        let script = """
            import os
            os.makedirs(b"tree/\\xff/sub"); os.chdir("tree")
            for _ in range(1500): os.mkdir("deep"); os.chdir("deep")
            """
        try temporary.write("make.py", script)
        _ = try Shell.run("python3 make.py", folder: temporary.path)
        var watcher = FolderWatcher(temporary["tree"])
        #expect(!watcher.isLooking && watcher.wait(.milliseconds(50)) == .nothing)
        var cursor = FolderCursor(at: try Folder.open(temporary["tree"]))
        for _ in 0..<1500 { try cursor.descend("deep") }
        _ = try cursor.folder.create("new")
        #expect(notices(&watcher))
        while watcher.wait(.milliseconds(50)) != .nothing {}
        _ = try Folder.open(temporary["tree"]).folder(RawName([0xff])).folder("sub").create("new")
        #expect(notices(&watcher))
    }
}
