import Archive
import Files
import Foundation
import TestSupport
import Testing

@Suite("archives", .waiting)
struct InteropTests {
    /// A tree with what makes trees hard: long, odd and non-UTF-8 names, links, modes, old and fine times.
    private static let makeTree = """
        mkdir -p app/sub/deep app/empty && cd app
        printf hello > file; printf '' > zero; noise 1 300000 > random
        printf x > "$(printf 'n%.0s' $(seq 1 120))"; printf y > '空 格+.txt'; printf z > "$(printf 'bad\\xff\\xfename')"
        ln -s sub/deep link; ln -s /etc/hosts absolute; ln file hard; chmod 600 file; chmod 755 zero; chmod 700 sub
        touch -d '2001-02-03 04:05:06.123456789' zero; touch -d '1969-01-01' random; touch -h -d '2010-01-01' link
        truncate -s 3M sparse; printf end >> sparse; touch -d '2020-01-01 00:00:00.5' sub/deep sub empty .
        """

    /// Kind, mode, time, size, links and content of everything below a folder.
    private static let list = """
        cd "$1" && find app -printf '%P|%y|%m|%T@|%s|%n|%l\\n' | sort | sed -E 's/^([^|]*\\|d\\|[^|]*\\|[^|]*)\\|[0-9]+\\|[0-9]+/\\1/'; find app -type f -print0 | sort -z | xargs -0 sha256sum
        """

    private func listing(_ folder: String) throws -> String {
        let script = TemporaryFolder()
        try script.write("list.sh", InteropTests.list)
        return try Shell.run("bash \(script["list.sh"]) '\(folder)'").output
    }

    private func unpack(_ archive: String, into folder: String) throws {
        _ = try Shell.run("mkdir -p '\(folder)'")
        let file = try Folder.open((archive as NSString).deletingLastPathComponent).file(RawName((archive as NSString).lastPathComponent))
        _ = try TreeExtractor(into: Folder.open(folder)).extract(TarReader(GzipReader(FileSource(file))))
    }

    @Test(
        "what others write is read as they read it",
        arguments: [
            "tar --format=gnu -czf out.tar.gz app", "tar --format=pax -czf out.tar.gz app", "tar --format=pax -S -czf out.tar.gz app",
            "tar --format=gnu -S -czf out.tar.gz app", "bsdtar --format pax -czf out.tar.gz app", "tar -czf out.tar.gz ./app",
            "python3 -c \"import tarfile; t = tarfile.open('out.tar.gz', 'w:gz'); t.add('app'); t.close()\"",
            "tar --format=pax -cf - app | split -b 100000 --filter='gzip -c' - > out.tar.gz",
        ])
    func reads(command: String) throws {
        let folder = TemporaryFolder()
        #expect(try Shell.run(InteropTests.makeTree, folder: folder.path).status == 0)
        let packed = try Shell.run(command, folder: folder.path)
        try #require(packed.status == 0, "\(packed.errors)")
        try unpack(folder["out.tar.gz"], into: folder["ours"])
        // GNU tar leaves times of folders wrong where another program's order is not its own.
        let reader = command.hasPrefix("bsdtar") ? "bsdtar" : "tar"
        _ = try Shell.run("mkdir theirs && \(reader) -C theirs -xpzf out.tar.gz", folder: folder.path)
        #expect(try listing(folder["ours"]) == listing(folder["theirs"]))
    }

    @Test("what we write is read back by ourselves, byte for byte the same")
    func roundTrip() throws {
        var random = SeededRandom(seed: 5)
        for _ in 0..<200 {
            var entries: [(TreeEntry, [UInt8])] = []
            for index in 0..<Int.random(in: 0...8, using: &random) {
                let name = (0..<Int.random(in: 1...220, using: &random)).map { _ in UInt8.random(in: 1...255, using: &random) }.map { $0 == 47 ? 46 : $0 }
                let size = Int.random(in: 0...2000, using: &random)
                let kinds: [TreeEntry.Kind] = [.file, .folder, .symbolicLink(to: RawName(name.reversed())), .file]
                let kind = kinds[Int.random(in: 0..<4, using: &random)]
                let entry = TreeEntry(
                    path: RawName(Array("\(index)/".utf8) + name), kind: kind, mode: UInt32.random(in: 0...0o7777, using: &random),
                    owner: UInt64.random(in: 0...5_000_000, using: &random), group: UInt64.random(in: 0...5_000_000, using: &random),
                    size: kind == .file ? Int64(size) : 0,
                    modified: FileTime(
                        seconds: Int64.random(in: 0...40_000_000_000, using: &random), nanoseconds: Int64.random(in: 0...999_999_999, using: &random)))
                entries.append((entry, kind == .file ? (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) } : []))
            }
            let sink = MemorySink()
            let gzip = GzipWriter(sink, cores: 2)
            let writer = TarWriter(gzip)
            for (entry, content) in entries {
                try writer.begin(entry)
                if !content.isEmpty { try writer.write(content) }
            }
            try writer.finish()
            try gzip.finish()
            let reader = TarReader(try GzipReader(MemorySource(sink.bytes)))
            for (entry, content) in entries {
                #expect(try reader.next() == entry)
                var read: [UInt8] = []
                while case let piece = try reader.read(777), !piece.isEmpty { read += piece }
                #expect(read == content)
            }
            #expect(try reader.next() == nil)
        }
    }

    @Test("compressed by many cores it is one gzip member, the same for any number of them")
    func gzip() throws {
        let folder = TemporaryFolder()
        let data = (0..<3_000_000).map { UInt8(truncatingIfNeeded: ($0 / 7) * $0) }
        var outputs: [[UInt8]] = []
        for cores in [1, 2, 5] {
            let sink = MemorySink()
            let writer = GzipWriter(sink, cores: cores)
            for start in stride(from: 0, to: data.count, by: 77_777) { try writer.write(Array(data[start..<min(start + 77_777, data.count)])) }
            try writer.finish()
            outputs.append(sink.bytes)
        }
        #expect(outputs[0] == outputs[1] && outputs[1] == outputs[2])
        try Data(outputs[0]).write(to: URL(fileURLWithPath: folder["x.gz"]))
        try Data(data).write(to: URL(fileURLWithPath: folder["x"]))
        let check = try Shell.run(
            "gzip -t x.gz && gunzip -c x.gz | cmp - x && python3 -c \"import tarfile,zlib; d = zlib.decompressobj(31); d.decompress(open('x.gz','rb').read()); assert d.eof and not d.unused_data\"",
            folder: folder.path)
        #expect(check.status == 0, "\(check.errors)")
    }

    @Test("a read of nothing ends, wherever the reader is", .limited)
    func nothing() throws {
        let sink = MemorySink()
        let writer = GzipWriter(sink, cores: 1)
        try writer.write(Array("content".utf8))
        try writer.finish()
        let reader = try GzipReader(MemorySource(sink.bytes + sink.bytes))
        for expected in ["cont", "ent", "content"] {
            #expect(try reader.read(0).isEmpty)
            #expect(String(decoding: try reader.read(expected.utf8.count), as: UTF8.self) == expected)
        }
        #expect(try reader.read(0).isEmpty && reader.read(10).isEmpty && reader.read(0).isEmpty)
    }

    /// All that an archive holds, and what went wrong.
    private func contents(_ bytes: [UInt8]) -> Result<[(entry: TreeEntry, content: [UInt8])], ArchiveError> {
        Result { () throws(ArchiveError) in
            let gzip = try GzipReader(MemorySource(bytes))
            let reader = TarReader(gzip)
            var all: [(TreeEntry, [UInt8])] = []
            while let entry = try reader.next() {
                var content: [UInt8] = []
                while case let piece = try reader.read(65_536), !piece.isEmpty { content += piece }
                all.append((entry, content))
            }
            while try !gzip.read(65_536).isEmpty {}
            return all
        }
    }

    @Test("an archive that is cut is refused, and one that is changed anywhere gives nothing else than what was stored")
    func damage() throws {
        let folder = TemporaryFolder()
        // The same bytes each time.
        let made = try Shell.run(
            "mkdir a && seq 1 2000 > a/f && seq 1 50 > a/g && tar --sort=name --mtime=@1700000000 --owner=0 --group=0 --numeric-owner --mode=go-w -cf - a | gzip -n > x.tar.gz",
            folder: folder.path)
        try #require(made.status == 0, "\(made.errors)")
        let whole = [UInt8](try #require(FileManager.default.contents(atPath: folder["x.tar.gz"])))
        func isRead(_ bytes: [UInt8]) -> Bool { if case .success = contents(bytes) { true } else { false } }
        let stored = try contents(whole).get()
        #expect(stored.count == 3)
        for length in stride(from: 0, to: whole.count, by: 37) { #expect(!isRead(Array(whole.prefix(length))), "cut at \(length)") }
        var (tried, refused) = (0, 0)
        for index in stride(from: 10, to: whole.count, by: 41) {
            for mask: UInt8 in [0x55, 0x01, 0x80] {
                var bytes = whole
                bytes[index] ^= mask
                tried += 1
                // Another distance in a run of equal bytes is another archive of the same files.
                switch contents(bytes) {
                case .success(let read):
                    #expect(read.map(\.entry) == stored.map(\.entry) && read.map(\.content) == stored.map(\.content), "changed at \(index) by \(mask)")
                case .failure: refused += 1
                }
            }
        }
        #expect(refused * 10 >= tried * 9, "only \(refused) of \(tried) were refused")
        #expect(isRead(whole + [0, 0, 0]))
        #expect(!isRead(whole + [1, 2, 3]))
        // Cut exactly at a member's boundary: tar accepts this, we must not.
        let cut = try Shell.run("gunzip -c x.tar.gz | head -c 512 | gzip > cut.tar.gz; tar -tzf cut.tar.gz", folder: folder.path)
        #expect(cut.status == 0)
        #expect(!isRead([UInt8](try #require(FileManager.default.contents(atPath: folder["cut.tar.gz"])))))
    }
}
