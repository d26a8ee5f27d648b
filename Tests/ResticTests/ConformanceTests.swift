import Files
import Foundation
import TestSupport
import Testing

@testable import Restic

/// What restic itself says of repositories that are written here, and what is read here of those that it has written.
@Suite("conformance with restic", .waiting)
struct ConformanceTests {
    private static let password = "correct horse 电池"

    /// A repository in a folder.
    private struct Ground: Sendable {
        let folder = TemporaryFolder()

        var path: String { folder["repository"] }

        @discardableResult
        func restic(_ line: String) throws -> Shell.Result {
            let result = try Shell.run(
                "restic --no-cache \(line)", environment: ["RESTIC_REPOSITORY": path, "RESTIC_PASSWORD": ConformanceTests.password], folder: folder.path)
            #expect(result.status == 0, "\(line): \(result)")
            return result
        }

        func read(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"))) }

        func write(_ name: String, _ bytes: [UInt8]) throws {
            let place = URL(fileURLWithPath: "\(path)/\(name)")
            try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: place)
        }

        func files(_ kind: String) throws -> [BlobID] {
            try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(kind)").compactMap { BlobID(hex: $0) }
        }

        /// The repository's key, by the first key file.
        func key() throws -> SealingKey {
            let file = try #require(try files("keys").first)
            return try #require(try KeyFile.open(try read("keys/\(file)"), password: ConformanceTests.password))
        }

        func index(_ key: SealingKey) throws -> BlobIndex {
            var index = BlobIndex()
            for id in try files("index") {
                index.add(try IndexFile(json: try SealedFile.open(try read(IndexFile.name(id)), key, try Decompressor(), name: "an index")))
            }
            return index
        }

        func reader(_ key: SealingKey) throws -> BlobReader {
            try BlobReader(key: key, index: try index(key)) { name, range in Array(try self.read(name)[range]) }
        }

        func snapshots(_ key: SealingKey) throws -> [SnapshotFile] {
            try files("snapshots").map {
                try SnapshotFile(json: try SealedFile.open(try read(SnapshotFile.name($0)), key, try Decompressor(), name: "a snapshot"))
            }
            .sorted { $0.time < $1.time }
        }

        /// A new repository of ours.
        func create() throws -> SealingKey {
            let key = SealingKey.random()
            let file = try KeyFile.make(
                key, password: ConformanceTests.password, cost: .init(rounds: 1024), created: FileTime(seconds: 1_790_000_000), user: "u", host: "h")
            try write("keys/\(BlobID(of: file))", file)
            try write(RepositoryFile.name, key.seal(RepositoryFile(id: BlobID(of: file)).json))
            return key
        }

        func store(_ file: [UInt8], below kind: String) throws { try write("\(kind)/\(BlobID(of: file))", file) }

        /// Stores a snapshot of one folder.
        /// - Parameter nodes: What it holds, given a writer for contents.
        func backUp(_ key: SealingKey, at seconds: Int64, _ nodes: (BlobWriter) throws -> [TreeNode]) throws {
            let writer = try BlobWriter(key: key, index: try index(key), threads: 2) { try self.write(Pack.name($0.id), $0.bytes) }
            let data = try writer.add(Tree(try nodes(writer)).json, .tree)
            let root = Tree([TreeNode(name: "data", kind: .folder(tree: data), mode: 0o755, modified: FileTime(seconds: 1_789_000_000))])
            let tree = try writer.add(root.json, .tree)
            let compressor = try Compressor()
            for file in IndexFile.files(try writer.finish()) { try store(SealedFile.seal(file.json, key, compressor), below: "index") }
            let snapshot = SnapshotFile(time: FileTime(seconds: seconds), tree: tree, paths: ["/data"], host: "shipkeeper", user: "root", program: "shipkeeper")
            try store(SealedFile.seal(snapshot.json, key, compressor), below: "snapshots")
        }
    }

    private let time = FileTime(seconds: 1_789_000_000, nanoseconds: 123_456_789)

    private func file(_ name: RawName, _ content: [UInt8], _ writer: BlobWriter, mode: UInt32 = 0o644) throws -> TreeNode {
        var (ids, at): ([BlobID], Int) = ([], 0)
        while at < content.count {
            let length = ContentCutter.files.next(content.span.extracting(at..<content.count))
            ids.append(try writer.add(Array(content[at..<at + length]), .data))
            at += length
        }
        return TreeNode(name: name, kind: .file(size: Int64(content.count), content: ids), mode: mode, modified: time)
    }

    /// Names and contents that are easily got wrong.
    private func edges(_ writer: BlobWriter) throws -> [TreeNode] {
        let noise = (0..<3_000_000).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) }
        let sub = try writer.add(Tree([try file("深.txt", Array("inside".utf8), writer), try file("深 2", [], writer, mode: 0o4711)]).json, .tree)
        var first = try file("linked-1", Array("linked".utf8), writer)
        first.link = .init(inode: 77, device: 1, count: 2)
        var second = first
        second.name = "linked-2"
        var attributed = try file("attributed", [1], writer)
        attributed.attributes = [.init(name: "user.mark", value: [0xff, 0, 0x41])]
        return [
            try file("empty", [], writer, mode: 0o600), try file("large", noise, writer), try file("line\nbreak \"quoted\" \\ 中文", Array("x".utf8), writer),
            try file(RawName([0xff, 0x61]), Array("raw".utf8), writer), TreeNode(name: "folder", kind: .folder(tree: sub), mode: 0o1750, modified: time),
            TreeNode(name: "link", kind: .symbolicLink(to: "folder/深.txt"), mode: 0o777, modified: time),
            TreeNode(name: "pipe", kind: .fifo, mode: 0o600, modified: time),
            first, second, attributed,
        ]
    }

    @Test("restic checks, lists and restores what is written here, backs up on top of it, and removes from it", .limited)
    func written() throws {
        let ground = Ground()
        let key = try ground.create()
        for kind in ["data", "index", "locks", "snapshots"] { try ground.folder.run("mkdir -p repository/\(kind)") }
        try ground.backUp(key, at: 1_790_000_000, edges)
        let packs = try Shell.run("find '\(ground.path)/data' -type f | wc -l").output
        // The same again: nothing but a snapshot.
        try ground.backUp(key, at: 1_790_000_100, edges)
        #expect(try Shell.run("find '\(ground.path)/data' -type f | wc -l").output == packs)
        try ground.restic("check --read-data")
        let listed = try ground.restic("snapshots --json").output
        #expect(listed.contains("\"hostname\":\"shipkeeper\"") && listed.contains("\"paths\":[\"/data\"]"))
        try ground.restic("restore latest --target restored")
        let restored = "\(ground.folder["restored"])/data"
        func shell(_ line: String) throws -> String { try Shell.run(line, folder: restored).output }
        #expect(
            try shell("stat -c '%a %s %Y %n' empty large folder pipe 'folder/深 2'") == """
                600 0 1789000000 empty
                644 3000000 1789000000 large
                1750 \(try shell("stat -c %s folder").trimmingCharacters(in: .newlines)) 1789000000 folder
                600 0 1789000000 pipe
                4711 0 1789000000 folder/深 2

                """)
        #expect(try shell("stat -c %y large").contains("20:26:40.123456789") || shell("TZ=UTC stat -c %y large").contains(".123456789"))
        #expect(
            try shell("cat \"$(printf 'line\\nbreak \"quoted\" \\\\ 中文')\"; cat \"$(printf '\\377a')\"; readlink link; cat link") == "xrawfolder/深.txt\ninside")
        #expect(try shell("[ linked-1 -ef linked-2 ] && cat linked-1") == "linked")
        #expect(try shell("python3 -c 'import os; print(os.getxattr(\"attributed\", \"user.mark\"))'") == "b'\\xff\\x00A'\n")
        let large = try Data(contentsOf: URL(fileURLWithPath: "\(restored)/large"))
        #expect(Array(large) == (0..<3_000_000).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) })
        try ground.restic("backup --host shipkeeper '\(ground.folder["restored"])'")
        try ground.restic("diff $(restic snapshots --json | jq -r '.[0].id, .[1].id')")
        try ground.restic("forget --keep-last 1 --group-by '' --prune")
        try ground.restic("check --read-data")
        // And ours on top of what it has left.
        try ground.backUp(key, at: 1_890_000_000, edges)
        try ground.restic("check --read-data")
        #expect(try ground.snapshots(key).count == 2)
    }

    @Test("what restic has written is read here, file by file", .limited)
    func read() throws {
        let ground = Ground()
        try ground.restic("init")
        let script = """
            mkdir -p 'tree/deep/er' && cd tree && echo inside > 'deep/er/内 容' && head -c 3000000 /dev/urandom > large && : > empty
            ln -s deep/er link && mkfifo pipe && echo x > "$(printf 'a\\377\\n"b\\\\')" && ln large hard && chmod 4711 empty && touch -d '1969-12-31 23:59:58.25 UTC' empty
            """
        try ground.folder.run(script)
        try ground.restic("backup --host here --tag one,two '\(ground.folder["tree"])'")
        try ground.folder.run("echo more >> tree/deep/er/'内 容'")
        try ground.restic("backup --host here '\(ground.folder["tree"])'")
        let key = try ground.key()
        #expect(try RepositoryFile(json: try SealedFile.open(try ground.read("config"), key, try Decompressor(), name: "config")).version == 2)
        let (reader, snapshots) = (try ground.reader(key), try ground.snapshots(key))
        #expect(snapshots.map(\.tags) == [["one", "two"], []] && snapshots.allSatisfy { $0.host == "here" && $0.paths == [ground.folder["tree"]] })
        var tree = try reader.tree(snapshots[1].tree)
        for name in ground.folder["tree"].split(separator: "/") {
            let node = try #require(tree.nodes.first { $0.name == RawName(String(name)) })
            guard case .folder(let next?) = node.kind else {
                Issue.record("\(name) is no folder")
                return
            }
            tree = try reader.tree(next)
        }
        var seen: [String] = []
        try walk(tree, below: ground.folder["tree"], reader, &seen)
        #expect(seen.count == 9, "\(seen)")
        let hard = tree.nodes.filter { $0.link != nil }
        #expect(hard.map(\.name.description) == ["hard", "large"] && hard[0].link == hard[1].link)
    }

    /// Compares a tree with what is on the disk.
    private func walk(_ tree: Tree, below path: String, _ reader: BlobReader, _ seen: inout [String]) throws {
        let folder = try Folder.open(path)
        #expect(tree.nodes.map(\.name) == (try folder.names()))
        for node in tree.nodes {
            let status = try folder.status(node.name)
            seen.append(node.name.description)
            #expect(node.mode == status.mode && node.modified == status.modified && node.owner == status.owner, "\(node.name)")
            switch node.kind {
            case .file(let size, let content):
                #expect(size == status.size && status.kind == .file)
                let bytes = try content.flatMap { try reader.content($0, .data) }
                #expect(try folder.contents(of: node.name, most: 1 << 30) == bytes, "\(node.name)")
            case .folder(let next?):
                try walk(try reader.tree(next), below: folder.path(of: node.name), reader, &seen)
            case .symbolicLink(let target): #expect(target == "deep/er")
            case .fifo: #expect(status.kind == .fifo)
            default: Issue.record("\(node)")
            }
        }
    }
}
