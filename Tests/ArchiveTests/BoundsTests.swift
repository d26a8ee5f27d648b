import Archive
import Files
import Foundation
import TestSupport
import Testing

@Suite("bounds of reading", .waiting)
struct BoundsTests {
    private func extract(_ builder: TarBuilder, into folder: String? = nil, isWanted: @escaping ([RawName]) -> Bool = { _ in true }) throws -> ExtractionReport
    {
        let extractor = try TreeExtractor(into: folder.map { path throws in try Folder.make(path) }, isWanted: isWanted)
        return try extractor.extract(TarReader(MemorySource(builder.archive)))
    }

    /// An old GNU header of a file that is one hole.
    private func hole(_ name: String, _ length: Int64) -> TarBuilder {
        var builder = TarBuilder()
        builder.header(
            name, "S", magic: TarBuilder.gnu,
            fields: [386: TarBuilder.octal(length, 12), 398: TarBuilder.octal(0, 12), 483: TarBuilder.octal(length, 12)])
        return builder
    }

    @Test("a hole takes no time, however large it is said to be", arguments: [1 << 30, 3 << 40, 1 << 62, Int64.max])
    func holes(length: Int64) throws {
        var builder = hole("b/data", length)
        builder.file("b/z")
        #expect(try extract(builder).files == 2)
        let folder = TemporaryFolder()
        #expect(try extract(builder, into: folder["part"], isWanted: { $0.last == "z" }).files == 1)
        let report = try extract(builder, into: folder["all"])
        #expect(folder.read("all/b/z") == "data\n")
        // The file system takes it, or a line says that it does not.
        let size = try? Folder.open(folder["all/b"]).status("data").size
        #expect(size == length || report.skipped.first?.contains("b/data: it can't be made here") == true, "\(report.skipped)")
        #expect(report.bytes == 5)
    }

    @Test(
        "holes are made as holes, in all four forms and where zeros were written out",
        arguments: ["gnu -S", "pax -S", "pax --sparse-version=0.0 -S", "pax --sparse-version=0.1 -S", "pax"])
    func sparse(format: String) throws {
        let folder = TemporaryFolder()
        let made = try Shell.run(
            "mkdir b && truncate -s 40M b/f && printf middle | dd of=b/f bs=1 seek=20000001 conv=notrunc status=none && printf end >> b/f && tar --format=\(format) -cf x.tar b",
            folder: folder.path)
        try #require(made.status == 0, "\(made.errors)")
        let file = try Folder.open(folder.path).file("x.tar")
        _ = try TreeExtractor(into: Folder.make(folder["out"])).extract(TarReader(FileSource(file)))
        let compared = try Shell.run("cmp b/f out/b/f && du -k out/b/f | cut -f1", folder: folder.path)
        #expect(compared.status == 0)
        #expect((Int(compared.output.split(separator: "\n").last ?? "") ?? .max) < 2000, "\(compared.output) kB")
    }

    @Test("a tree deeper and longer than any path is unpacked", arguments: [201, 1500, 4000])
    func deep(depth: Int) throws {
        let folder = TemporaryFolder()
        var builder = TarBuilder()
        let name = depth > 2000 ? "d" : "copy"
        let path = Array(repeating: name, count: depth).joined(separator: "/")
        try #require(path.utf8.count + 2 <= ExtractionLimits.pathBytes)
        builder.pax([("path", path + "/f")])
        builder.file("f", "deep")
        let report = try extract(builder, into: folder["out"])
        #expect(report.skipped.isEmpty)
        let bottom = try Folder.open(folder["out"]).folder(below: [RawName](repeating: RawName(name), count: depth))
        #expect(try bottom.contents(of: "f") == Array("deep".utf8))
        try Folder.open(folder.path).removeTree("out")
    }

    @Test("folders that no member tells of count as members: a short archive can't fill the memory with them", arguments: [false, true])
    func implied(isWritten: Bool) throws {
        let folder = TemporaryFolder()
        var builder = TarBuilder()
        for number in 0..<3 {
            builder.pax([("path", "\(number)/" + Array(repeating: "d", count: 40).joined(separator: "/"))])
            builder.file("f", "")
        }
        let root = isWritten ? try Folder.make(folder["out"]) : nil
        func extract(most: Int) throws -> ExtractionReport {
            try TreeExtractor(into: root, limits: ExtractionLimits(members: most)).extract(TarReader(MemorySource(builder.archive)))
        }
        #expect { try extract(most: 122) } throws: { "\($0)".contains("more than 122 files and folders") }
        if isWritten { try Folder.open(folder.path).removeTree("out") }
        if !isWritten { #expect(try extract(most: 123).files == 3) }
    }

    @Test("each level of a deep tree as a member of its own, with its mode")
    func levels() throws {
        let folder = TemporaryFolder()
        var builder = TarBuilder()
        var path = ""
        for _ in 0..<1200 {
            path += "lvl/"
            builder.pax([("path", path)])
            builder.header("x", "5", mode: 0o711)
        }
        #expect(try extract(builder, into: folder["out"]).folders == 1200)
        var cursor = FolderCursor(at: try Folder.open(folder["out"]))
        for _ in 0..<1200 {
            #expect(try cursor.folder.status("lvl").mode == 0o711)
            try cursor.descend("lvl")
        }
        try Folder.open(folder.path).removeTree("out")
    }

    @Test("many links, links of links and links that come again take time in proportion")
    func links() throws {
        var builder = TarBuilder()
        let count = 2000
        for index in 0..<count { builder.header("b/s\(index)", "2", link: "t") }
        for index in 0..<count { builder.header("b/h\(index)", "1", link: "b/s\(index)") }
        for index in 0..<count { builder.header("b/s\(index)", "2", link: "u") }
        #expect(try extract(builder).links == 2 * count)
    }

    @Test("deep paths that alternate take time in proportion")
    func alternating() throws {
        let folder = TemporaryFolder()
        var builder = TarBuilder()
        let deep = Array(repeating: "d", count: 190).joined(separator: "/")
        for index in 0..<500 {
            builder.pax([("path", "\(index % 2)/\(deep)/f\(index)")])
            builder.file("f", "")
        }
        #expect(try extract(builder, into: folder["out"]).files == 500)
    }

    @Test("a hard link alone is had with the content of its other name, which is not wanted")
    func hardLinkAlone() throws {
        let folder = TemporaryFolder()
        var builder = TarBuilder()
        builder.file("b/a", "first")
        builder.file("b/a", "precious")
        builder.header("b/h", "1", link: "b/a")
        builder.header("c/1", "1", link: "b/h")
        builder.header("c/2", "1", link: "b/a")
        builder.header("b/s", "2", link: "a")
        builder.header("c/3", "1", link: "b/s")
        let extractor = TreeExtractor(into: try Folder.make(folder["out"]), isWanted: { $0.first == "c" })
        try extractor.read(TarReader(MemorySource(builder.archive)))
        #expect(extractor.needsSecondReading)
        try extractor.readAgain(TarReader(MemorySource(builder.archive)))
        let report = try extractor.finish()
        #expect(report.skipped.isEmpty)
        #expect(try Shell.run("cat c/1 c/2; stat -c %h c/1; readlink c/3; ls", folder: folder["out"]).output == "preciousprecious2\na\nc\n")
    }

    @Test("mutants of an archive: nothing outside is touched, nothing crashes, and what is read is what was written", arguments: 1...8 as ClosedRange<UInt64>)
    func mutants(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var builder = TarBuilder()
        for odd in OddMembersTests.cases { odd.build(&builder) }
        let hole = hole("b/hole", 1 << 40)
        builder.raw(hole.bytes)
        builder.header("b/out", "2", link: "../../outside")
        let valid = builder.archive
        for round in 0..<25 {
            var bytes = valid
            for _ in 0..<Int.random(in: 1...10, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            for start in stride(from: 0, to: bytes.count - 511, by: 512) where random.chance(70) { repair(&bytes, start) }
            let folder = TemporaryFolder()
            try folder.write("outside/precious", "precious")
            let written = outcome(bytes, into: try Folder.make(folder["in"]))
            #expect(
                folder.read("outside/precious") == "precious" && (try? Folder.open(folder.path).names()) == ["in", "outside"], "seed \(seed), round \(round)")
            // Judging alone comes to the same.
            let judged = outcome(bytes, into: nil)
            if written?.skipped.contains(where: { $0.contains("can't be") }) != true { #expect(written == judged, "seed \(seed), round \(round)") }
        }
    }

    /// Nil where it is refused.
    private func outcome(_ bytes: [UInt8], into folder: Folder?) -> ExtractionReport? {
        try? TreeExtractor(into: folder, limits: ExtractionLimits(bytes: 10_000_000)).extract(TarReader(MemorySource(bytes)))
    }

    private func repair(_ bytes: inout [UInt8], _ start: Int) {
        for index in 148..<156 { bytes[start + index] = 32 }
        let sum = bytes[start..<start + 512].reduce(0) { $0 + Int64($1) }
        bytes.replaceSubrange(start + 148..<start + 156, with: TarBuilder.octal(sum, 7) + [32])
    }
}
