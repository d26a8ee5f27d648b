import Crypto
import Testing

@testable import Restic

@Suite("cutting content")
struct ChunkingTests {
    /// 1 MiB: the SHA-256 of the numbers from 0, each as eight bytes, little-endian.
    private let input: [UInt8] = (0..<32_768 as Range<UInt64>).flatMap { number in
        Array(SHA256.hash(data: (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }))
    }

    private func cut(_ bytes: [UInt8], _ cutter: ContentCutter) -> [Int] {
        var (lengths, at): ([Int], Int) = ([], 0)
        while at < bytes.count {
            lengths.append(cutter.next(bytes.span.extracting(at..<bytes.count)))
            at += lengths[lengths.count - 1]
        }
        return lengths
    }

    @Test("the table is that of the reference implementation")
    func table() {
        #expect(GearTable.numbers[0] == 0x3b5d_3c7d_207e_37dc && GearTable.numbers[1] == 0x784d_68ba_9112_3086)
        #expect(GearTable.numbers[255] == 0xaabd_2b2a_4515_04e1 && GearTable.numbers.count == 256)
    }

    @Test("cuts are those of the reference implementation")
    func vectors() {
        #expect(BlobID(of: input).description == "8936491f7e7dd3ca297960ec425e8375f1b9db51278d5fff5481205c0992a132")
        let medium = ContentCutter(smallest: 16 << 10, average: 64 << 10, largest: 256 << 10, normalization: 1)
        #expect(
            cut(input, medium) == [151071, 87658, 121224, 76346, 26475, 115751, 72166, 110054, 23002, 61347, 88013, 19559, 66079, 29831])
        let even = ContentCutter(smallest: 16 << 10, average: 64 << 10, largest: 256 << 10)
        #expect(
            cut(input, even) == [97191, 38151, 78045, 66737, 68385, 87260, 74169, 50967, 70577, 84516, 67749, 61347, 75590, 66412, 61480])
        #expect(cut(input, .files) == [462774, 320973, 264829])
        let small = cut(input, ContentCutter(smallest: 4 << 10, average: 16 << 10, largest: 64 << 10))
        #expect(small.prefix(10) == [17147, 22363, 18890, 32462, 21296, 23184, 16515, 20346, 20386, 17488] && small.count == 57 && small.last == 303)
    }

    @Test("cuts find themselves again after an insertion, and pieces keep to their bounds")
    func shifted() {
        let cutter = ContentCutter(smallest: 4 << 10, average: 16 << 10, largest: 64 << 10)
        func pieces(_ bytes: [UInt8]) -> [BlobID] {
            var at = 0
            return cut(bytes, cutter).map { length in
                defer { at += length }
                return BlobID(of: Array(bytes[at..<at + length]))
            }
        }
        let (before, after) = (pieces(input), pieces([1, 2, 3] + input))
        #expect(Set(after).subtracting(before).count <= 2)
        #expect(cut(input, cutter).dropLast().allSatisfy { (4 << 10...64 << 10).contains($0) })
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        #expect(cut(zeros, cutter).reduce(0, +) == zeros.count)
        #expect(cut([7], cutter) == [1])
    }

    @Test("blocks of databases grow with them", arguments: [(0, 16), (64 << 20, 16), (64 << 20 | 1, 32), (1 << 30, 256), (1 << 40, 256)] as [(Int64, Int)])
    func blocks(size: Int64, kibibytes: Int) {
        #expect(DatabaseBlocks.length(forSize: size) == kibibytes << 10)
    }
}
