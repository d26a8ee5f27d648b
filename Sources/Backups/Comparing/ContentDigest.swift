import Crypto

/// The SHA-256 of a file's content by which files are compared: blocks of zeros are left out, so that a hole and the zeros it stands for are the same,
/// and a large hole takes no time.
struct ContentDigest {
    private static let blockSize = 4096

    private var hash = SHA256()
    /// The block at hand, as far as it has come.
    private var block: [UInt8] = []
    /// Where the block at hand begins; a multiple of its size.
    private var offset: Int64 = 0

    mutating func add(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            if block.isEmpty, rest.count >= ContentDigest.blockSize {
                take(rest.prefix(ContentDigest.blockSize))
                rest = rest.dropFirst(ContentDigest.blockSize)
            } else {
                let part = rest.prefix(ContentDigest.blockSize - block.count)
                block += part
                rest = rest.dropFirst(part.count)
                completeBlock()
            }
        }
    }

    /// Adds so many zeros.
    mutating func skip(_ length: Int64) {
        var rest = length
        if !block.isEmpty {
            let part = min(rest, Int64(ContentDigest.blockSize - block.count))
            block += [UInt8](repeating: 0, count: Int(part))
            rest -= part
            completeBlock()
        }
        guard rest > 0 else { return }
        offset += rest - rest % Int64(ContentDigest.blockSize)
        block = [UInt8](repeating: 0, count: Int(rest % Int64(ContentDigest.blockSize)))
    }

    /// The digest, to be asked for once, at the end.
    mutating func finish() -> [UInt8] {
        take(block[...])
        add(number: offset)
        return Array(hash.finalize())
    }

    private mutating func completeBlock() {
        guard block.count == ContentDigest.blockSize else { return }
        take(block[...])
        block.removeAll(keepingCapacity: true)
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>) {
        if bytes.contains(where: { $0 != 0 }) {
            add(number: offset)
            hash.update(data: bytes)
        }
        offset += Int64(bytes.count)
    }

    private mutating func add(number: Int64) {
        hash.update(data: (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) })
    }
}
