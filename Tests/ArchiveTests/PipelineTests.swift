import Archive
import Files
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("packing and reading on several threads", .waiting)
struct PipelineTests {
    private func packed(_ bytes: [UInt8], cores: Int, rsyncable: Bool, piece: Int = 70_001) throws -> [UInt8] {
        let sink = MemorySink()
        let writer = GzipWriter(sink, cores: cores, rsyncable: rsyncable)
        for start in stride(from: 0, to: bytes.count, by: piece) { try writer.write(Array(bytes[start..<min(start + piece, bytes.count)])) }
        try writer.finish()
        return sink.bytes
    }

    private func text(_ count: Int, _ random: inout SeededRandom) -> [UInt8] {
        var text: [UInt8] = []
        while text.count < count { text += Array("line \(UInt16.random(in: 0 ... .max, using: &random)) of a log\n".utf8) }
        return Array(text.prefix(count))
    }

    private func noise(_ count: Int, _ random: inout SeededRandom) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) } }

    @Test("what does not get shorter is stored as it is, and what does is not", arguments: [false, true])
    func stored(rsyncable: Bool) throws {
        var random = SeededRandom(seed: 3)
        let (dense, plain) = (noise(3_000_000, &random), text(3_000_000, &random))
        let stored = try packed(dense, cores: 2, rsyncable: rsyncable)
        #expect(stored.count > dense.count && stored.count < dense.count + dense.count / 500)
        #expect(stored.firstRange(of: dense[1_000_000..<1_000_100]) != nil || stored.firstRange(of: dense[2_000_000..<2_000_100]) != nil, "it was deflated")
        #expect(try packed(plain, cores: 2, rsyncable: rsyncable).count < plain.count / 3)
        // All values as frequent as in noise, and full of repetitions; and text in a form that uses 64 values.
        let repeated = [[UInt8]](repeating: Array(0...255), count: 8000).flatMap { $0 }
        #expect(try packed(repeated, cores: 2, rsyncable: rsyncable).count < repeated.count / 20)
        let base64 = Array(Data(dense).base64EncodedString().utf8)
        #expect(try packed(base64, cores: 2, rsyncable: rsyncable).count < base64.count * 4 / 5)
    }

    @Test("text, noise and zeros in any order are one gzip member, the same for any number of cores and in any pieces", arguments: [false, true])
    func mixed(rsyncable: Bool) throws {
        let folder = TemporaryFolder()
        var random = SeededRandom(seed: 8)
        var bytes: [UInt8] = []
        while bytes.count < 6_000_000 {
            let count = Int.random(in: 1...400_000, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes += text(count, &random)
            case 1: bytes += noise(count, &random)
            default: bytes += [UInt8](repeating: 0, count: count)
            }
        }
        let outputs = try [(1, 70_001), (2, 512), (3, 1_000_000), (16, 300_000)].map { try packed(bytes, cores: $0.0, rsyncable: rsyncable, piece: $0.1) }
        #expect(outputs.allSatisfy { $0 == outputs[0] })
        try Data(outputs[0]).write(to: URL(fileURLWithPath: folder["x.gz"]))
        try Data(bytes).write(to: URL(fileURLWithPath: folder["x"]))
        let check = try Shell.run("gzip -t x.gz && gunzip -c x.gz | cmp - x", folder: folder.path)
        #expect(check.status == 0, "\(check.errors)")
        let reader = AheadSource(try GzipReader(MemorySource(outputs[0])))
        var read: [UInt8] = []
        while case let piece = try reader.read(Int.random(in: 1...300_000, using: &random)), !piece.isEmpty { read += piece }
        #expect(read == bytes)
        #expect(try reader.read(10).isEmpty && reader.read(10).isEmpty)
        reader.stop()
    }

    /// Takes so many bytes and no more.
    private final class FullSink: ByteSink {
        private var rest: Int

        init(_ rest: Int) { self.rest = rest }

        func write(_ bytes: [UInt8]) throws(ArchiveError) {
            rest -= bytes.count
            if rest < 0 { throw .file(FileError("write", "/x", code: ErrorNumber.diskFull)) }
        }
    }

    @Test("an error of the sink ends writing, wherever it happens, and nothing waits for ever")
    func fullSink() throws {
        var random = SeededRandom(seed: 4)
        let bytes = noise(2_000_000, &random)
        for room in [0, 5, 10, 100_000, 1_000_000, 1_999_999] {
            let writer = GzipWriter(FullSink(room), cores: 2, rsyncable: true)
            #expect(throws: ArchiveError.self) {
                for start in stride(from: 0, to: bytes.count, by: 50_000) { try writer.write(Array(bytes[start..<start + 50_000])) }
                try writer.finish()
            }
        }
    }

    /// Gives pieces, and then an error or none; counts how often it is asked.
    private final class CountedSource: ByteSource {
        let asked = Atomic(0)
        private let pieces: Int
        private let failure: ArchiveError?

        init(pieces: Int, failure: ArchiveError? = nil) { (self.pieces, self.failure) = (pieces, failure) }

        func read(_ most: Int) throws(ArchiveError) -> [UInt8] {
            let count = asked.add(1, ordering: .relaxed).newValue
            if count <= pieces { return [UInt8](repeating: UInt8(truncatingIfNeeded: count), count: min(most, 1000)) }
            if let failure { throw failure }
            return []
        }
    }

    @Test("what came before an error is read first, and the error comes each time after it")
    func errors() throws {
        for pieces in [0, 1, 15, 16, 17, 100] {
            let source = CountedSource(pieces: pieces, failure: .damaged("here"))
            let reader = AheadSource(source)
            for piece in 0..<pieces { #expect(try reader.read(1000) == [UInt8](repeating: UInt8(piece + 1), count: 1000)) }
            for _ in 0..<3 { #expect(throws: ArchiveError.damaged("here")) { try reader.read(1000) } }
            reader.stop()
            #expect(source.asked.load(ordering: .relaxed) == pieces + 1)
        }
    }

    @Test("one that is stopped early reads no more, whatever it had read")
    func stopped() throws {
        for taken in [0, 1, 20] {
            let source = CountedSource(pieces: .max)
            let reader = AheadSource(source)
            for _ in 0..<taken { #expect(try reader.read(1000).count == 1000) }
            reader.stop()
            let asked = source.asked.load(ordering: .relaxed)
            #expect(asked <= taken + 17)
            #expect(try source.read(1).count == 1 && source.asked.load(ordering: .relaxed) == asked + 1, "nobody else reads it")
        }
    }
}
