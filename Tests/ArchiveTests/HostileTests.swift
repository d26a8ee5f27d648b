import Archive
import Files
import Foundation
import TestSupport
import Testing

@Suite("hostile archives", .waiting)
struct HostileTests {
    private let now = FileTime(seconds: 1_700_000_000)

    private func archive(_ entries: [(String, TreeEntry.Kind, Int)]) throws -> [UInt8] {
        let sink = MemorySink()
        let writer = TarWriter(sink)
        for (name, kind, size) in entries {
            try writer.begin(TreeEntry(path: RawName(name), kind: kind, mode: 0o644, size: Int64(size), modified: now))
            if size > 0 { try writer.write([UInt8](repeating: 65, count: size)) }
        }
        try writer.finish()
        return sink.bytes
    }

    private func extract(_ bytes: [UInt8], limits: ExtractionLimits = ExtractionLimits()) throws -> (String?, TemporaryFolder) {
        let folder = TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder["in"], withIntermediateDirectories: true)
        try folder.write("outside/precious", "precious")
        do {
            _ = try TreeExtractor(into: Folder.open(folder["in"]), limits: limits).extract(TarReader(MemorySource(bytes)))
            return (nil, folder)
        } catch let error as ArchiveError {
            return (error.description, folder)
        }
    }

    @Test(
        "what endangers is refused with a sentence, and nothing outside is touched",
        arguments: [
            ([("../outside/evil", TreeEntry.Kind.file, 3)], "leads out of the folder"),
            ([("a/../../outside/evil", .file, 3)], "leads out of the folder"),
            ([("/tmp/evil", .file, 3)], "absolute path"),
            ([("link", .symbolicLink(to: "../outside"), 0), ("link/evil", .file, 3)], "is below a symbolic link"),
            ([("d", .folder, 0), ("d/l", .symbolicLink(to: "/etc"), 0), ("d/l/evil", .file, 1)], "is below a symbolic link"),
            ([("hard", .hardLink(to: "../outside/precious"), 0)], "leads out of the folder"),
            ([("hard", .hardLink(to: "/etc/passwd"), 0)], "absolute path"),
            ([(String(repeating: "n", count: 300) + "/../../evil", .file, 0)], "leads out of the folder"),
            ([("l", .symbolicLink(to: "../outside"), 0), ("h", .hardLink(to: "l"), 0), ("h/evil", .file, 3)], "is below a symbolic link"),
            ([("l", .symbolicLink(to: "../outside"), 0), ("x", .file, 1), ("l/evil", .hardLink(to: "x"), 0)], "is below a symbolic link"),
            ([("l", .symbolicLink(to: "a"), 0), ("l", .folder, 0)], "as a folder and as a link"),
            ([("big", .file, 3000)], "is more than 2000 bytes"),
            ([("a", .file, 0), ("b", .file, 0), ("c", .file, 0), ("d", .file, 0), ("e", .file, 0), ("f", .file, 0)], "more than 5 members"),
        ])
    func refused(entries: [(String, TreeEntry.Kind, Int)], sentence: String) throws {
        let (error, folder) = try extract(archive(entries), limits: ExtractionLimits(bytes: 2000, members: 5))
        #expect(error?.contains(sentence) == true, "\(error ?? "accepted")")
        #expect(folder.read("outside/precious") == "precious")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder["outside"]) == ["precious"])
        #expect(!FileManager.default.fileExists(atPath: "/tmp/evil"))
    }

    @Test("links are kept and never followed; the later of two names wins; special bits are those of the owner that was stored")
    func kept() throws {
        let sink = MemorySink()
        let writer = TarWriter(sink)
        try writer.begin(TreeEntry(path: "l", kind: .symbolicLink(to: "../outside/precious"), mode: 0o777, modified: now))
        try writer.begin(TreeEntry(path: "l", kind: .file, mode: 0o6755, size: 3, modified: now))
        try writer.write([65, 66, 67])
        try writer.begin(TreeEntry(path: "s", kind: .symbolicLink(to: "/etc/passwd"), mode: 0o777, modified: now))
        try writer.begin(TreeEntry(path: "s2", kind: .hardLink(to: "s"), mode: 0o777, modified: now))
        try writer.finish()
        let (error, folder) = try extract(sink.bytes)
        #expect(error == nil)
        #expect(folder.read("in/l") == "ABC")
        let mode = getuid() == 0 ? "6755" : "755"
        #expect(try Shell.run("stat -c %a in/l; readlink in/s in/s2", folder: folder.path).output == "\(mode)\n/etc/passwd\n/etc/passwd\n")
        #expect(folder.read("outside/precious") == "precious")
    }

    @Test("garbage never crashes the reader", arguments: 1...6 as ClosedRange<UInt64>)
    func garbage(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let valid = try archive([("a", .folder, 0), ("a/b", .file, 700), (String(repeating: "x", count: 150), .file, 10), ("l", .symbolicLink(to: "a"), 0)])
        for _ in 0..<400 {
            var bytes = valid
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            // With the checksum mended, so that the fields themselves are put to the test.
            for start in stride(from: 0, to: bytes.count - 511, by: 512) where random.chance(70) { mend(&bytes, start) }
            _ = try extract(bytes)
        }
    }

    private func mend(_ bytes: inout [UInt8], _ start: Int) {
        for index in 148..<156 { bytes[start + index] = 32 }
        let sum = bytes[start..<start + 512].reduce(0) { $0 + Int($1) }
        for (index, digit) in Array(String(sum, radix: 8).utf8).suffix(6).enumerated() { bytes[start + 148 + index] = digit }
    }

    @Test(
        "extended headers that lie are refused",
        arguments: [
            "9999999 path=x\n", "0 path=x\n", "x path=y\n", "30 mtime=-9223372036854775808.5\n", "20 size=-5\n",
        ])
    func pax(record: String) throws {
        var header = [UInt8](repeating: 0, count: 512)
        for (index, byte) in "pax".utf8.enumerated() { header[index] = byte }
        for (index, byte) in String(format: "%011o", record.utf8.count).utf8.enumerated() { header[124 + index] = byte }
        header[156] = UInt8(ascii: "x")
        mend(&header, 0)
        let body = Array(record.utf8) + [UInt8](repeating: 0, count: (512 - record.utf8.count % 512) % 512)
        let (error, _) = try extract(header + body + archive([("a", .file, 0)]))
        #expect(error?.hasPrefix("the archive is damaged") == true, "\(error ?? "accepted")")
    }
}
