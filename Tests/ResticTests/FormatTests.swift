import Files
import Synchronization
import TestSupport
import Testing

@testable import Restic

@Suite("files of the restic format")
struct FormatTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test(
        "names are quoted as Go does it, and come back",
        arguments: [
            ("plain.txt", "plain.txt"), ("日记 2026.md", "日记 2026.md"), ("a\"b\\c", "a\\\"b\\\\c"), ("line\nbreak\ttab", "line\\nbreak\\ttab"),
            ("\u{7}\u{8}\u{b}\u{c}\r", "\\a\\b\\v\\f\\r"), ("\u{1b}[31m", "\\x1b[31m"), ("\u{7f}", "\\x7f"),
            ("\u{a0}\u{200b}\u{3000}", "\\u00a0\\u200b\\u3000"),
            ("\u{1f468}\u{200d}\u{1f469}", "\u{1f468}\\u200d\u{1f469}"), ("\u{e0001}", "\\U000e0001"), ("e\u{301}é", "e\u{301}é"),
        ])
    func names(name: String, quoted: String) {
        #expect(QuotedName.quote(bytes(name)) == quoted)
        #expect(QuotedName.unquote(quoted) == bytes(name))
    }

    @Test("any bytes can be a name; what is not well formed is none")
    func rawNames() {
        #expect(QuotedName.quote([0x61, 0xff, 0xe6, 0x97, 0x62]) == "a\\xff\\xe6\\x97b")
        for byte in UInt8.min...UInt8.max {
            for name in [[byte], [byte, byte], [0xe6, byte], [0xf0, 0x9f, byte]] as [[UInt8]] { #expect(QuotedName.unquote(QuotedName.quote(name)) == name) }
        }
        #expect(QuotedName.unquote("\\101\\377") == [65, 255])
        for text in ["\\", "\\q", "\\x1", "\\xzz", "\\u12", "\\ud800", "\\U00110000", "\\400", "a\"b", "\\x+1", "\\u00é"] {
            #expect(QuotedName.unquote(text) == nil, "\(text)")
        }
    }

    @Test(
        "times are as they were, before 1970 and beyond 2038 too",
        arguments: [
            (0, 0, "1970-01-01T00:00:00Z"), (1_790_000_000, 123_456_789, "2026-09-21T14:13:20.123456789Z"), (-1, 500_000_000, "1969-12-31T23:59:59.5Z"),
            (4_107_542_400, 1, "2100-03-01T00:00:00.000000001Z"), (951_782_400, 0, "2000-02-29T00:00:00Z"), (-62_135_596_800, 0, "0001-01-01T00:00:00Z"),
            (253_402_300_799, 0, "9999-12-31T23:59:59Z"),
        ])
    func times(seconds: Int64, nanoseconds: Int64, text: String) {
        let time = FileTime(seconds: seconds, nanoseconds: nanoseconds)
        #expect(ResticTime.text(time) == text)
        #expect(ResticTime.time(text) == time)
    }

    @Test("times of other programs have offsets; what is no time is none")
    func otherTimes() {
        #expect(ResticTime.time("2026-09-21T22:13:20.5+08:00") == FileTime(seconds: 1_790_000_000, nanoseconds: 500_000_000))
        #expect(ResticTime.time("2026-09-21T10:43:20-03:30") == FileTime(seconds: 1_790_000_000))
        for text in ["", "2026-09-21", "2026-13-01T00:00:00Z", "2026-09-21T25:00:00Z", "2026-09-21T14:13:20", "x2026-09-21T14:13:20Z"] {
            #expect(ResticTime.time(text) == nil, "\(text)")
        }
        #expect(ResticTime.text(FileTime(seconds: .max)) == "9999-12-31T23:59:59Z")
    }

    private let key = SealingKey.random()
    private let id = BlobID(of: [1, 2, 3])

    @Test("a tree comes back as it was, whatever it holds")
    func tree() throws {
        let time = FileTime(seconds: 1_790_000_000, nanoseconds: 5)
        let nodes = [
            TreeNode(name: "file", kind: .file(size: 6, content: [id, BlobID(of: [])]), mode: 0o6755, owner: 1000, group: 100, modified: time),
            TreeNode(name: "empty", kind: .file(size: 0, content: []), mode: 0, modified: FileTime(seconds: -5)),
            TreeNode(
                name: "linked", kind: .file(size: 1, content: [id]), mode: 0o644, modified: time, link: .init(inode: .max, device: 7, count: 2),
                attributes: [.init(name: "user.b", value: [0, 255]), .init(name: "user.a", value: [])]),
            TreeNode(name: "folder", kind: .folder(tree: id), mode: 0o1777, modified: time),
            TreeNode(name: "unread", kind: .folder(tree: nil), mode: 0, modified: time),
            TreeNode(name: "link", kind: .symbolicLink(to: "../目标"), mode: 0o777, modified: time),
            TreeNode(name: RawName([0xff, 10]), kind: .symbolicLink(to: RawName([0xfe])), mode: 0o777, modified: time),
            TreeNode(name: "pipe", kind: .fifo, mode: 0o600, modified: time), TreeNode(name: "socket", kind: .socket, mode: 0o600, modified: time),
            TreeNode(name: "sda", kind: .device(0x801), mode: 0o660, modified: time),
            TreeNode(name: "null", kind: .characterDevice(0x103), mode: 0o666, modified: time),
        ]
        let tree = Tree(nodes)
        let back = try Tree(json: tree.json)
        #expect(back.nodes.map(\.name) == nodes.map(\.name).sorted())
        for node in nodes {
            var expected = node
            expected.attributes.sort { $0.name < $1.name }
            #expect(back.nodes.first { $0.name == node.name } == expected)
        }
        #expect(
            back.json
                == Tree(
                    nodes.reversed().map { node in
                        var node = node
                        node.attributes.sort { $0.name < $1.name }
                        return node
                    }
                ).json)
    }

    @Test("a tree with names that lead elsewhere, twice the same, or no names is damaged")
    func badTrees() {
        func node(_ name: String) -> String { "{\"name\":\"\(name)\",\"type\":\"file\",\"mode\":420,\"mtime\":\"2026-09-21T14:13:20Z\",\"content\":[]}" }
        for names in [["a", "a"], [".."], ["."], [""], ["a/b"], ["/etc"], ["a\\\\x00"], ["\\\\q"]] as [[String]] {
            let json = "{\"nodes\":[\(names.map(node).joined(separator: ","))]}"
            #expect(throws: ResticError.damaged("a tree"), "\(names)") { try Tree(json: bytes(json)) }
        }
        for json in ["", "{", "[]", "{\"nodes\":[{}]}", "{\"nodes\":[1]}", "{\"nodes\":{}}", String(repeating: "[", count: 100_000)] {
            #expect(throws: ResticError.damaged("a tree"), "\(json.prefix(40))") { try Tree(json: bytes(json)) }
        }
    }

    @Test("snapshots, locks, indexes and the configuration come back; unknown keys are skipped")
    func files() throws {
        let time = FileTime(seconds: 1_790_000_000)
        let snapshot = SnapshotFile(
            time: time, tree: id, paths: ["/data/应用"], host: "h\u{1}", user: "u", tags: ["a,b"], parent: id, original: id, program: "x 1")
        #expect(try SnapshotFile(json: snapshot.json) == snapshot)
        let lock = LockFile(time: time, isExclusive: true, host: "h", user: "u", process: 7, owner: 1, group: 2)
        #expect(try LockFile(json: lock.json) == lock)
        #expect(lock.isStale(at: FileTime(seconds: time.seconds + 1801)) && !lock.isStale(at: FileTime(seconds: time.seconds + 1799)))
        let blobs = [StoredBlob(BlobKey(id, .data), offset: 0, length: 40), StoredBlob(BlobKey(id, .tree), offset: 40, length: 50, contentLength: 90)]
        let index = IndexFile(packs: [.init(pack: id, blobs: blobs)])
        #expect(try IndexFile(json: index.json) == index)
        let more = "{ \"supersedes\": [\"x\", {\"y\": [null, 1.5e3, true]}], \"packs\": null, \"\\u4f60\": -1 }"
        #expect(try IndexFile(json: bytes(more)) == IndexFile(packs: []))
        let config = RepositoryFile(id: id)
        #expect(try RepositoryFile(json: config.json) == config)
        #expect(throws: ResticError.unknownVersion(3)) { try RepositoryFile(json: bytes("{\"version\":3,\"id\":\"\(id)\"}")) }
    }

    @Test("sealed files are compressed where that is smaller, and whatever is changed in them is damage")
    func sealedFiles() throws {
        let (compressor, decompressor) = (try Compressor(), try Decompressor())
        for json in ["{}", "{\"a\":\"\(String(repeating: "x", count: 5000))\"}"] {
            for each in [compressor, nil] as [Compressor?] {
                let sealed = SealedFile.seal(bytes(json), key, each)
                #expect(try SealedFile.open(sealed, key, decompressor, name: "it") == bytes(json))
                #expect(json.count < 100 || each == nil || sealed.count < 200)
                #expect(throws: ResticError.damaged("it")) {
                    try SealedFile.open(sealed.dropLast() + [sealed[sealed.count - 1] ^ 1], key, decompressor, name: "it")
                }
            }
        }
        #expect(throws: ResticError.damaged("it")) { try SealedFile.open(key.seal([2, 0x28, 0xb5, 0x2f, 0xfd, 1]), key, decompressor, name: "it") }
    }

    @Test("a pack's list names its blobs, and blobs come once, whole", .waiting, arguments: [1, 4])
    func packs(threads: Int) throws {
        let stored = Mutex<[Pack]>([])
        let writer = try BlobWriter(key: key, index: BlobIndex(), threads: threads) { pack in stored.withLock { $0.append(pack) } }
        let contents = [[], [7], [UInt8](repeating: 9, count: 100_000), (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }] as [[UInt8]]
        for _ in 0..<2 { for content in contents { #expect(try writer.add(content, .data) == BlobID(of: content)) } }
        _ = try writer.add(contents[2], .tree)
        let file = try #require(IndexFile.files(try writer.finish()).first)
        let packs = stored.withLock { $0 }
        var index = BlobIndex()
        index.add(file)
        #expect(packs.count == 2 && writer.totals.blobs == 5 && writer.totals.bytes == 250_001)
        for pack in packs {
            let length = try #require(Pack.listLength(pack.bytes.suffix(4), packSize: pack.bytes.count))
            #expect(try Pack.blobs(pack.bytes.dropLast(4).suffix(length), key) == pack.blobs)
            #expect(file.packs.contains { $0.pack == pack.id && $0.blobs == pack.blobs })
        }
        let reader = try BlobReader(key: key, index: index) { name, range in
            Array(try #require(packs.first { Pack.name($0.id) == name }).bytes[range])
        }
        for content in contents { #expect(try reader.content(BlobID(of: content), .data) == content) }
        #expect(throws: ResticError.missing(id)) { try reader.content(id, .data) }
        #expect(Pack.listLength([255, 255, 255, 255], packSize: 1000) == nil && Pack.listLength([4, 0, 0, 0], packSize: 1000) == nil)
    }

    @Test("many blobs make packs of a bounded size", .waiting)
    func manyPacks() throws {
        let stored = Mutex<[Int]>([])
        let writer = try BlobWriter(key: key, index: BlobIndex(), threads: 2) { pack in stored.withLock { $0.append(pack.bytes.count) } }
        var random = SystemRandomNumberGenerator()
        for _ in 0..<40 {
            _ = try writer.add(
                (0..<(1 << 17)).map { _ in random.next() as UInt64 }.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }, .data)
        }
        let entries = try writer.finish()
        let sizes = stored.withLock { $0 }.sorted(by: >)
        #expect(sizes.count == 5 && sizes.allSatisfy { $0 < 16 << 20 } && sizes.dropLast().allSatisfy { $0 >= 8 << 20 }, "\(sizes)")
        #expect(entries.count == 5 && IndexFile.files(entries).count == 1)
    }

    @Test("what storing a pack meets ends the run, and nothing waits for ever", .waiting, arguments: [1, 3])
    func failingStore(threads: Int) throws {
        struct Full: Error {}
        // Does not get smaller.
        let noise = (0..<1 << 19).map { _ in UInt8.random(in: 0...255) }
        let writer = try BlobWriter(key: key, index: BlobIndex(), threads: threads) { _ in throw Full() }
        #expect(throws: Full.self) {
            for number in 0..<1000 { _ = try writer.add(noise + [UInt8(number & 255), UInt8(number >> 8)], .data) }
        }
        #expect(throws: Full.self) { try writer.finish() }
    }

    @Test("an index of many packs is cut into files that restic takes")
    func indexFiles() throws {
        let blobs = (0..<30_000).map { StoredBlob(BlobKey(BlobID(of: [UInt8($0 & 255), UInt8($0 >> 8)]), .data), offset: $0, length: 40) }
        let entries = (0..<5).map { IndexFile.Entry(pack: BlobID(of: [$0]), blobs: blobs) }
        let files = IndexFile.files(entries)
        #expect(files.map(\.packs.count) == [2, 2, 1] && files.flatMap(\.packs) == entries)
        #expect(IndexFile.files([]).isEmpty)
    }
}
