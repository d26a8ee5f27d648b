import Archive
import Files
import Foundation
import TestSupport
import Testing

/// Builds tar byte by byte, so that what no writer should write can be written.
struct TarBuilder {
    static let gnu = Array("ustar  \0".utf8)
    static let old = [UInt8](repeating: 0, count: 8)

    private(set) var bytes: [UInt8] = []

    static func octal(_ value: Int64, _ room: Int) -> [UInt8] {
        let digits = String(value, radix: 8)
        guard digits.utf8.count < room else {
            return [0x80] + (0..<room - 1).reversed().map { UInt8(truncatingIfNeeded: value >> min(63, $0 * 8)) }
        }
        return Array((String(repeating: "0", count: room - 1 - digits.utf8.count) + digits + "\0").utf8)
    }

    static func padded(_ data: [UInt8]) -> [UInt8] { data + [UInt8](repeating: 0, count: (512 - data.count % 512) % 512) }

    mutating func header(
        _ name: String, _ type: Character = "0", size: Int64 = 0, mode: Int64 = 0o644, link: String = "", magic: [UInt8] = Array("ustar\u{0}00".utf8),
        fields: [Int: [UInt8]] = [:]
    ) {
        var block = [UInt8](repeating: 0, count: 512)
        var all: [(Int, [UInt8])] = [
            (0, Array(name.utf8.prefix(100))), (100, TarBuilder.octal(mode, 8)), (108, TarBuilder.octal(0, 8)), (116, TarBuilder.octal(0, 8)),
            (124, TarBuilder.octal(size, 12)), (136, TarBuilder.octal(1_000_000_000, 12)), (148, [UInt8](repeating: 32, count: 8)),
            (156, Array(String(type).utf8)), (157, Array(link.utf8.prefix(100))), (257, magic),
        ]
        all += fields.map { ($0.key, $0.value) }
        for (start, field) in all { block.replaceSubrange(start..<start + field.count, with: field) }
        let sum = block.reduce(0) { $0 + Int64($1) }
        block.replaceSubrange(148..<156, with: TarBuilder.octal(sum, 7) + [32])
        bytes += block
    }

    mutating func file(_ name: String, _ text: String = "data\n", _ type: Character = "0", fields: [Int: [UInt8]] = [:]) {
        header(name, type, size: Int64(text.utf8.count), fields: fields)
        bytes += TarBuilder.padded(Array(text.utf8))
    }

    mutating func folder(_ name: String) { header(name, "5", mode: 0o755) }
    mutating func raw(_ data: [UInt8]) { bytes += data }

    /// A pax header; the length of each record counts its own digits.
    mutating func pax(_ records: [(String, String)], _ type: Character = "x", tail: String = "") {
        file("PaxHeaders/x", records.map { TarBuilder.record($0.0, $0.1) }.joined() + tail, type)
    }

    static func record(_ key: String, _ value: String) -> String {
        let body = " \(key)=\(value)\n"
        var length = body.utf8.count + 1
        while "\(length)".utf8.count + body.utf8.count != length { length = "\(length)".utf8.count + body.utf8.count }
        return "\(length)\(body)"
    }

    var archive: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }
}

@Suite("odd members", .waiting)
struct OddMembersTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        /// What lies there afterwards, as `find -printf '%y %P\n'` lists it.
        var expected: String
        /// What is said of what was left out; one line for each.
        var said: [String] = []
        /// Whether GNU tar leaves the same.
        var asGNU = true
        var build: @Sendable (inout TarBuilder) -> Void

        init(_ name: String, _ expected: String, said: [String] = [], asGNU: Bool = true, _ build: @escaping @Sendable (inout TarBuilder) -> Void) {
            (self.name, self.expected, self.said, self.asGNU, self.build) = (name, expected, said, asGNU, build)
        }

        var testDescription: String { name }
    }

    static let long = String(repeating: "n", count: 300)

    static let cases: [Case] = [
        Case("a device, and a whiteout", "d b, f b/z", said: ["b/w: a device", "b/x: a device"], asGNU: false) {
            $0.folder("b/")
            $0.header("b/w", "3")
            $0.header("b/x", "4", size: 700)
            $0.file("b/z")
        },
        Case("a named pipe", "d b, f b/z", said: ["b/p: a named pipe"], asGNU: false) {
            $0.folder("b/")
            $0.header("b/p", "6", size: 512)
            $0.file("b/z")
        },
        Case("a hard link whose other name is missing", "d b, f b/z", said: ["b/h: a hard link to \"b/gone\", which is not a file unpacked before it"]) {
            $0.folder("b/")
            $0.header("b/h", "1", link: "b/gone")
            $0.file("b/z")
        },
        Case("a hard link to a folder and to itself", "d b, f b/z", said: ["b/h: a hard link to \"b\", which is not a file unpacked before it"]) {
            $0.folder("b/")
            $0.header("b/h", "1", link: "b")
            $0.file("b/z")
            $0.header("b/z", "1", link: "b/z")
        },
        Case("access lists as Solaris writes them", "d b, d b/d, f b/d/x", asGNU: false) {
            $0.folder("b/")
            $0.file("b/d/", "1000007\0user::rwx", "A")
            $0.folder("b/d/")
            $0.file("b/d/x")
        },
        Case("extended attributes of Solaris, an inode of star, a label", "d b, f b/z", asGNU: false) {
            $0.file("label", "", "V")
            $0.folder("b/")
            $0.file("b/attr", "xxxx", "E")
            $0.file("b/inode", "xxxx", "I")
            $0.file("b/z")
        },
        Case("folders of an incremental archive", "d b, d b/empty, d b/full, f b/full/x, f b/z") {
            $0.folder("b/")
            $0.header("b/empty/", "D", size: 1, mode: 0o755, magic: TarBuilder.gnu)
            $0.raw(TarBuilder.padded([0]))
            $0.header("b/full/", "D", size: 3, mode: 0o755, magic: TarBuilder.gnu)
            $0.raw(TarBuilder.padded(Array("Yx\0".utf8)))
            $0.file("b/full/x")
            $0.file("b/z")
        },
        Case("a regular member whose name ends in a slash", "d b, d b/logs, f b/logs/x, f b/z") {
            $0.folder("b/")
            $0.header("b/logs/", "0", mode: 0o755)
            $0.file("b/logs/x")
            $0.file("b/z")
        },
        Case("the same by a pax path", "d b, d b/päth, f b/z") {
            $0.folder("b/")
            $0.pax([("path", "b/päth/")])
            $0.header("b/p", "0", mode: 0o755)
            $0.file("b/z")
        },
        Case("a folder of V7 that tells a size", "d b, d b/sub, f b/precious, f b/z") {
            $0.header("b/", "\0", mode: 0o755, magic: TarBuilder.old)
            $0.header("b/sub/", "\0", size: 1024, mode: 0o755, magic: TarBuilder.old)
            $0.file("b/precious", "data\n", "\0")
            $0.file("b/z", "data\n", "\0")
        },
        Case("a folder and links that tell a size", "d b, d b/f, l b/l, f b/h, f b/z", asGNU: false) {
            $0.folder("b/")
            $0.header("b/f", "5", size: 4096, mode: 0o755)
            $0.header("b/l", "2", size: 512, link: "z")
            $0.file("b/z")
            $0.header("b/h", "1", size: 5, link: "b/z")
        },
        Case("links to nothing and to too much", "d b, f b/z", said: ["b/s: a link to nothing", "b/t: a link to more than 4095 bytes"], asGNU: false) {
            $0.folder("b/")
            $0.header("b/s", "2")
            $0.pax([("linkpath", String(repeating: "x", count: 5000))])
            $0.header("b/t", "2")
            $0.file("b/z")
        },
        Case("names that are too long or none", "d b, f b/z", said: ["b/\(long.prefix(198))…: a name of 300 bytes", "a member without a name"], asGNU: false) {
            $0.folder("b/")
            $0.pax([("path", "b/\(long)")])
            $0.file("b/n")
            $0.file("")
            $0.file("b/z")
        },
        Case("a file where something needs a folder", "d b, f b/x, f b/z", said: ["b/x/y: \"x\" is in the way and is not a folder"]) {
            $0.folder("b/")
            $0.file("b/x")
            $0.file("b/x/y")
            $0.file("b/z")
        },
        Case("a folder that comes as a file too", "d b, d b/x, f b/x/y, f b/z", said: ["b/x: it comes as a folder too, which stays"]) {
            $0.folder("b/")
            $0.folder("b/x")
            $0.file("b/x/y")
            $0.file("b/x", "file")
            $0.file("b/z")
        },
        Case("a file that becomes a folder", "d b, d b/x, f b/x/y, f b/z") {
            $0.folder("b/")
            $0.file("b/x", "file")
            $0.folder("b/x/")
            $0.file("b/x/y")
            $0.file("b/z")
        },
        Case("two pax headers before one member: the last one counts", "d b, f b/second") {
            $0.folder("b/")
            $0.pax([("path", "b/first"), ("mtime", "5")])
            $0.pax([("path", "b/second")])
            $0.file("b/x")
        },
        Case("times as programs write them", "d b, f b/a, f b/c, f b/d, f b/e, f b/f", asGNU: false) {
            $0.folder("b/")
            for (name, time) in [("a", "1e-05"), ("c", "1.7e+09"), ("d", ""), ("e", "NaN"), ("f", "1700000000.")] {
                $0.pax([("mtime", time), ("atime", time)])
                $0.file("b/\(name)")
            }
        },
        Case("a pax header padded with zeros, and with zeros before a length", "d b, f b/a, f b/c", asGNU: false) {
            $0.folder("b/")
            $0.pax([("path", "b/a")], tail: "\0\0\0\0\0\0")
            $0.file("b/x")
            $0.file("PaxHeaders/x", "013 path=b/c\n\0", "x")
            $0.file("b/y")
        },
        Case("owners and modes that are no numbers", "d b, f b/a, f b/c", asGNU: false) {
            $0.folder("b/")
            $0.file("b/a", fields: [108: Array("0000\0xyz".utf8)])
            $0.file("b/c", fields: [108: Array("nobody!!".utf8), 116: Array("99999999".utf8)])
        },
        Case("a part of a file from another volume", "d b, f b/z", said: ["b/part: the rest of a file that begins in another archive"], asGNU: false) {
            $0.folder("b/")
            $0.header("b/part", "M", size: 600, magic: TarBuilder.gnu)
            $0.raw([UInt8](repeating: 65, count: 1024))
            $0.file("b/z")
        },
    ]

    /// Kind and path of all below a folder, sorted.
    private func listing(_ folder: String) throws -> [String] {
        try Shell.run("find . -mindepth 1 -printf '%y %P\\n'", folder: folder).output.split(separator: "\n").map(String.init).sorted()
    }

    @Test("is passed over with a line, or taken as tar takes it", arguments: cases)
    func odd(odd: Case) throws {
        var builder = TarBuilder()
        odd.build(&builder)
        let folder = TemporaryFolder()
        _ = try Folder.make(folder["ours"])
        let report = try TreeExtractor(into: Folder.open(folder["ours"])).extract(TarReader(MemorySource(builder.archive)))
        #expect(try listing(folder["ours"]) == odd.expected.split(separator: ", ").map(String.init).sorted())
        #expect(report.skipped.sorted() == odd.said.sorted())
        // What a check says is what an extraction does.
        #expect(try TreeExtractor(into: nil).extract(TarReader(MemorySource(builder.archive))) == report)
        guard odd.asGNU else { return }
        try Data(builder.archive).write(to: URL(fileURLWithPath: folder["x.tar"]))
        _ = try Shell.run("mkdir theirs; tar -C theirs -xf x.tar", folder: folder.path)
        #expect(try listing(folder["ours"]) == listing(folder["theirs"]))
    }

    @Test(
        "times in pax headers",
        arguments: [
            ("1e-05", 0, 10_000), ("1.7e+09", 1_700_000_000, 0), ("", 1_000_000_000, 0), ("NaN", 1_000_000_000, 0), ("inf", 1_000_000_000, 0),
            ("1700000000.", 1_700_000_000, 0), ("1700000000.25", 1_700_000_000, 250_000_000), ("-1.5", -2, 500_000_000), ("1e400", 1_000_000_000, 0),
            ("-9223372036854775808.5", 1_000_000_000, 0), ("rubbish", 1_000_000_000, 0), ("12.3456789012345", 12, 345_678_901),
        ] as [(String, Int64, Int64)])
    func times(text: String, seconds: Int64, nanoseconds: Int64) throws {
        var builder = TarBuilder()
        builder.pax([("mtime", text)])
        builder.file("a")
        let entry = try #require(try TarReader(MemorySource(builder.archive)).next())
        #expect(abs(entry.modified.nanoseconds - nanoseconds) < 2)
        #expect(entry.modified.seconds == seconds)
    }

    @Test("a global header holds for all that follow, and one member's own header goes before it")
    func global() throws {
        var builder = TarBuilder()
        builder.pax([("mtime", "5"), ("uid", "7"), ("comment", String(repeating: "x", count: 3_000_000))], "g")
        builder.file("a")
        builder.pax([("mtime", "6")])
        builder.file("b")
        builder.pax([("uid", "")])
        builder.file("c")
        let reader = TarReader(MemorySource(builder.archive))
        let entries = try (0..<3).map { _ in try #require(try reader.next()) }
        #expect(entries.map(\.modified.seconds) == [5, 6, 5])
        #expect(entries.map(\.owner) == [7, 7, 0])
    }

    @Test("what stands after the end mark: remains are no harm, another archive is not left out silently")
    func afterTheEnd() throws {
        var builder = TarBuilder()
        builder.folder("b/")
        builder.file("b/a")
        func read(_ bytes: [UInt8]) throws(ArchiveError) -> Int {
            let reader = TarReader(MemorySource(bytes))
            var count = 0
            while try reader.next() != nil { count += 1 }
            return count
        }
        let end = [UInt8](repeating: 0, count: 1024)
        #expect(try read(builder.bytes + end + TarBuilder.padded(Array("\0\0\0rubbish".utf8))) == 2)
        #expect(try read(builder.bytes + end + Array("rubbish".utf8)) == 2)
        // One buffer of ten kilobytes, in which a member of the buffer before still stands.
        let buffer = builder.bytes + end + builder.bytes
        #expect(try read(buffer + [UInt8](repeating: 0, count: 10_240 - buffer.count)) == 2)
        #expect(throws: ArchiveError.refused("another archive follows its end mark")) { try read(builder.archive + builder.archive) }
        // One block of zeros is the beginning of an end mark.
        #expect(try read(builder.bytes + [UInt8](repeating: 0, count: 512)) == 2)
        #expect(throws: ArchiveError.self) { try read(builder.bytes) }
        #expect(throws: ArchiveError.self) { try read(builder.bytes + [UInt8](repeating: 0, count: 512) + builder.archive) }
    }
}
