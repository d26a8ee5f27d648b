@testable import Backups
import Files
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@Suite("replacing a tree", .waiting)
struct TreeSwapTests {
    /// A live tree and a new one, which lies where a restore has unpacked it.
    private struct Ground {
        let folder = TemporaryFolder()

        init(hasLive: Bool = true, isInside: Bool = false) throws {
            _ = try Shell.run(
                """
                mkdir -p live/app/sub made/app/sub && cd live/app && echo o > old && echo o > both && echo o > sub/o && ln -s old link && mkdir empty
                cd ../../made/app && echo n > new && echo n > both && echo n > sub/n && ln new hard && mkdir both2 && touch -d 2001-01-01 .
                """, folder: folder.path)
            if !hasLive { _ = try Shell.run("rm -rf live/app", folder: folder.path) }
            _ = try Shell.run(isInside ? "mv made live/app/.tree.restore-1" : "mv made live/.app.restore-1", folder: folder.path)
        }

        var parent: Folder { get throws { try Folder.open(folder["live"]) } }

        func swap() throws -> TreeSwap {
            let parent = try parent
            let inside = try? parent.folder("app").folder(".tree.restore-1")
            return TreeSwap(parent: parent, name: "app", id: "1", with: "app", in: try inside ?? parent.folder(".app.restore-1"))
        }

        func tree(_ path: String) throws -> String {
            try Shell.run(
                "test -d '\(path)' || exit 0; cd '\(path)'; find . -name '.tree.*' -prune -o -mindepth 1 -printf '%y %P %l\\n' | sort; find . -name '.tree.*' -prune -o -type f -print0 | sort -z | xargs -0 cat",
                folder: folder.path
            ).output
        }
    }

    private static let old = "d empty \nd sub \nf both \nf old \nf sub/o \nl link old\no\no\no\n"
    private static let new = "d both2 \nd sub \nf both \nf hard \nf new \nf sub/n \nn\nn\nn\nn\n"

    /// What must hold after a crash at any step, once the next start has looked at it.
    private func check(_ ground: Ground, hadLive: Bool, _ what: Comment) throws {
        _ = try TreeSwap.recover(parent: ground.parent, name: "app")
        let live = try ground.tree("live/app")
        #expect([Self.old, Self.new, hadLive ? Self.old : ""].contains(live), what)
        if hadLive, live == Self.new {
            let kept = try ["live/.app.before-1", "live/app/.tree.before-1-swap"].map { try ground.tree($0) }
            #expect(kept.contains(Self.old), what)
        }
        #expect(try Shell.run("find live -name '*.restore-*'", folder: ground.folder.path).output == "", what)
    }

    @Test("killed after any step the live tree is whole, or made so at the next start; the old one is never lost", arguments: [true, false])
    func crash(hasLive: Bool) throws {
        var (isOver, steps) = (false, 0)
        while !isOver {
            let ground = try Ground(hasLive: hasLive)
            var swap = try ground.swap()
            for _ in 0..<steps where !isOver { isOver = try !swap.advance() }
            try check(ground, hadLive: hasLive, "\(steps) steps")
            if isOver { #expect(try ground.tree("live/app") == Self.new) }
            steps += 1
        }
    }

    @Test("the same entry by entry, and killed once more while it is finished", arguments: [true, false])
    func crashInside(isInside: Bool) throws {
        var (isOver, steps) = (false, 0)
        while !isOver {
            for more in stride(from: 0, through: 12, by: 3) {
                let ground = try Ground(isInside: isInside)
                let target = try ground.parent.folder("app")
                let staging = try isInside ? target.folder(".tree.restore-1") : ground.parent.folder(".app.restore-1")
                var swap = try EntrySwap(of: target, id: "1", with: "app", in: staging)
                isOver = false
                for _ in 0..<steps where !isOver { isOver = try !swap.advance() }
                if !isOver, var again = try EntrySwap(found: ".tree.restore-1-swap", in: target) {
                    var goesOn = true
                    for _ in 0..<more where goesOn { goesOn = try again.advance() }
                }
                try check(ground, hadLive: true, "\(steps) and \(more) steps")
                #expect(try ground.tree("live/app") == Self.new, "\(steps) and \(more) steps")
            }
            steps += 1
        }
    }

    @Test("killed before the journal is written nothing has happened")
    func beforeTheJournal() throws {
        let ground = try Ground()
        _ = try Shell.run("mkdir -p live/app/.tree.restore-1-swap/new && echo half > live/app/.tree.restore-1-swap/new/f", folder: ground.folder.path)
        try check(ground, hadLive: true, "no journal")
        #expect(try ground.tree("live/app") == Self.old)
    }

    // MARK: A plain user in a parent that is not theirs

    /// Calls one of the C library's functions that Swift is not shown.
    private static func call(_ name: String, _ number: UInt32) {
        guard let address = unsafe dlsym(nil, name) else { return }
        _ = unsafe unsafeBitCast(address, to: (@convention(c) (UInt32) -> Int32).self)(number)
    }

    /// Runs as a user that may not write the parent folder: as another one where the test is root, else with a closed parent.
    private func plainly<Value: Sendable>(_ ground: Ground, _ body: @escaping @Sendable () throws -> Value) throws -> Value {
        let isRoot = getuid() == 0
        if !isRoot { _ = try Shell.run("chmod 555 live", folder: ground.folder.path) }
        defer { if !isRoot { _ = try? Shell.run("chmod 755 live", folder: ground.folder.path) } }
        let result = Mutex<Result<Value, any Error>?>(nil)
        let done = DispatchSemaphore(value: 0)
        let thread = Thread {
            // Of this thread alone.
            if isRoot { for call in ["setfsgid", "setfsuid"] { TreeSwapTests.call(call, 65534) } }
            let value = Result { try body() }
            result.withLock { $0 = value }
            done.signal()
        }
        thread.start()
        done.wait()
        return try #require(result.withLock { $0 }).get()
    }

    @Test("in a parent that may not be written the tree is replaced inside the folder")
    func plainUser() throws {
        let ground = try Ground(isInside: true)
        if getuid() == 0 { _ = try Shell.run("chown -R 65534:65534 live/app", folder: ground.folder.path) }
        let way = try plainly(ground) { try TreeSwap.run(ground.swap()).way }
        #expect(way == .moved)
        #expect(try ground.tree("live/app") == Self.new)
        #expect(try ground.tree("live/app/.tree.before-1-swap") == Self.old)
        #expect(try Shell.run("stat -c %Y live/app", folder: ground.folder.path).output == "978307200\n")
    }

    @Test("folders without the right to write, new and old ones, are replaced too", arguments: [true, false])
    func closedFolders(isInside: Bool) throws {
        let ground = try Ground(isInside: isInside)
        let made = isInside ? "live/app/.tree.restore-1/app" : "live/.app.restore-1/app"
        _ = try Shell.run("chmod 555 live/app/sub \(made)/sub \(made)", folder: ground.folder.path)
        if getuid() == 0 { _ = try Shell.run("chown -R 65534:65534 live/app \(isInside ? "" : "live")", folder: ground.folder.path) }
        let way: TreeSwap.Way
        if isInside {
            way = try plainly(ground) { try TreeSwap.run(ground.swap()).way }
        } else {
            way = try TreeSwap.run(ground.swap()).way
        }
        #expect(way == (isInside ? .moved : .exchanged))
        #expect(try ground.tree("live/app") == Self.new)
        #expect(try Shell.run("stat -c %a live/app live/app/sub", folder: ground.folder.path).output == "555\n555\n")
    }

    @Test("what belongs to somebody else stays where nothing takes its place", .enabled(if: getuid() == 0))
    func foreign() throws {
        let ground = try Ground(isInside: true)
        _ = try Shell.run("chown -R 65534:65534 live/app && mkdir -m 700 live/app/lost+found && touch live/app/lost+found/x", folder: ground.folder.path)
        _ = try plainly(ground) { try TreeSwap.run(ground.swap()) }
        #expect(try Shell.run("ls live/app; ls live/app/lost+found", folder: ground.folder.path).output == "both\nboth2\nhard\nlost+found\nnew\nsub\nx\n")
    }

    @Test("where the old tree can't be moved it is back as it was, and the reason is given", .enabled(if: getuid() == 0))
    func rolledBack() throws {
        let ground = try Ground(isInside: true)
        _ = try Shell.run("chown -R 65534:65534 live/app && chown 0:0 live/app/sub", folder: ground.folder.path)
        #expect {
            _ = try plainly(ground) { try TreeSwap.run(ground.swap()) }
        } throws: { ($0 as? FileError)?.isPermission == true }
        #expect(try ground.tree("live/app") == Self.old)
        #expect(try Shell.run("ls -A live/app | grep swap; true", folder: ground.folder.path).output == "")
    }

    @Test("a tree deeper than any path moves entry by entry, and back")
    func deep() throws {
        let folder = TemporaryFolder()
        let root = try Folder.open(folder.path)
        try root.makeFolder("a")
        try root.makeFolder("b")
        var cursor = FolderCursor(at: try root.folder("a"))
        for _ in 0..<1500 {
            try cursor.folder.makeFolder("level")
            try cursor.descend("level")
        }
        try cursor.folder.create("f").write(Array("deep".utf8))
        // A folder of that name is there already, so that each level is entered.
        var other = FolderCursor(at: try root.folder("b"))
        for name in cursor.names {
            try other.folder.makeFolder(name)
            try other.descend(name)
        }
        try other.folder.create("g").write([])
        try TreeMove.move("level", from: root.folder("a"), to: root.folder("b"))
        #expect(try root.folder("b").folder(below: cursor.names).names() == ["f", "g"])
        #expect(try root.folder("a").names().isEmpty)
        try root.removeTree("b")
    }
}
