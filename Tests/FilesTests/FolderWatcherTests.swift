import Files
import TestSupport
import Testing

@Suite("folder watcher", .waiting)
struct FolderWatcherTests {
    /// Whether a change is noticed, and then comes to rest.
    private func notices(_ watcher: inout FolderWatcher) -> Bool {
        var hasChanged = false
        for _ in 0..<8 where !hasChanged { hasChanged = watcher.wait(.milliseconds(100)) != .nothing }
        while watcher.wait(.milliseconds(50)) != .nothing {}
        return hasChanged
    }

    /// A watcher that has told of what was under way: a process that another test has just started may still hold a file open that was written
    /// before, and its close is told as a change.
    private func settled(_ watcher: FolderWatcher) -> FolderWatcher {
        var watcher = watcher
        while watcher.wait(.milliseconds(300)) != .nothing {}
        return watcher
    }

    @Test("what comes, goes and is written is noticed, in new folders too; editors' own files are not", .limited)
    func changes() throws {
        let folder = TemporaryFolder()
        try folder.write("posts/deep/er/a.md", "a")
        // Where the machine has no room for another watch, it looks instead, and notices the same.
        var watcher = settled(FolderWatcher(folder["posts"], betweenLooks: .milliseconds(20)))
        #expect(!notices(&watcher))
        for line in [
            "echo b > deep/er/a.md", "echo c > deep/er/new.md", "mv deep/er/new.md deep/er/newer.md", "rm deep/er/newer.md", "mkdir -p one/two/three",
            "echo d > one/two/three/x.md", "mv one uno", "echo e > uno/two/three/x.md", "ln -s ../uno deep/link", "rm -r uno",
        ] {
            _ = try Shell.run(line, folder: folder["posts"])
            #expect(notices(&watcher), "\(line)")
        }
        _ = try Shell.run("echo x > deep/.a.md.swp; echo x > deep/a.md~; echo x > deep/.#a.md", folder: folder["posts"])
        #expect(!notices(&watcher))
    }

    @Test("links to folders are followed, once; what the job writes itself is passed over", .limited)
    func linksAndOutputs() throws {
        let folder = TemporaryFolder()
        try folder.write("vault/posts/a.md", "a")
        try folder.write("blog/source/x.md", "x")
        _ = try Shell.run("ln -s ../../vault/posts blog/source/_posts; ln -s .. vault/posts/loop; mkdir blog/public", folder: folder.path)
        var watcher = settled(FolderWatcher(folder["blog"], ignoring: [folder["blog/public"], folder["blog/db.json"]]))
        #expect(!notices(&watcher))
        _ = try Shell.run("echo b > vault/posts/a.md", folder: folder.path)
        #expect(notices(&watcher))
        _ = try Shell.run(
            "mkdir public/x; echo c > public/x/index.html; echo d > db.json; rm -r public; mkdir public; echo e > public/index.html", folder: folder["blog"])
        #expect(!notices(&watcher))
    }

    @Test("a folder that is missing, comes, is moved away and replaced is watched all along", .limited)
    func moves() throws {
        let folder = TemporaryFolder()
        var watcher = FolderWatcher(folder["posts"])
        #expect(!notices(&watcher))
        for line in [
            "mkdir posts", "echo a > posts/a.md", "mv posts old", "mkdir posts", "echo b > posts/b.md", "mv posts gone && mv old posts", "echo c > posts/c.md",
            "rm -r posts", "mkdir posts && echo d > posts/d.md", "rm -r posts; ln -s gone posts", "echo e > gone/e.md",
        ] {
            _ = try Shell.run(line, folder: folder.path)
            #expect(notices(&watcher), "\(line)")
        }
    }

    @Test("where there are too many folders it looks now and then", .limited)
    func tooMany() throws {
        let folder = TemporaryFolder()
        try folder.write("posts/a/b/c/x.md", "1")
        var watcher = FolderWatcher(folder["posts"], mostFolders: 2, betweenLooks: .milliseconds(200))
        #expect(watcher.isLooking && !notices(&watcher))
        try folder.write("posts/a/b/c/x.md", "22")
        #expect(notices(&watcher))
    }
}
