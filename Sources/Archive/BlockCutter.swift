/// Decides where one block of a stream ends and the next begins; the same for the same stream, in whatever pieces it comes.
struct BlockCutter {
    private static let fixedSize = 512 * 1024
    private static let smallest = 16 * 1024
    /// A block by content ends where this many upper bits of the hash are zero: on average after 64 KiB beyond the smallest.
    private static let zeroBits: UInt64 = 16

    /// Whether blocks end where the content says so, so that an insertion moves no block but its own.
    let isByContent: Bool
    private var size = 0
    private var hash: UInt64 = 0

    static func fixed() -> BlockCutter { BlockCutter(isByContent: false) }
    static func byContent() -> BlockCutter { BlockCutter(isByContent: true) }

    /// How many of the next bytes complete the block at hand; nil when it goes beyond them.
    mutating func end(in bytes: ArraySlice<UInt8>) -> Int? {
        let found = isByContent ? endByContent(in: bytes) : endBySize(in: bytes)
        if found != nil { (size, hash) = (0, 0) }
        return found
    }

    private mutating func endBySize(in bytes: ArraySlice<UInt8>) -> Int? {
        if size + bytes.count >= BlockCutter.fixedSize { return BlockCutter.fixedSize - size }
        size += bytes.count
        return nil
    }

    /// A gear hash: each byte moves the earlier ones up by a bit, so that only the last 64 count.
    private mutating func endByContent(in bytes: ArraySlice<UInt8>) -> Int? {
        var (hash, size, taken) = (hash, size, 0)
        let mask = ~UInt64(0) << (64 - BlockCutter.zeroBits)
        // No block ends before the smallest does, and what is 64 bytes before that counts no more there.
        let passed = min(bytes.count, max(0, BlockCutter.smallest - 64 - size))
        size += passed
        taken += passed
        for byte in bytes.dropFirst(passed) {
            hash = hash << 1 &+ BlockCutter.gears[Int(byte)]
            size += 1
            taken += 1
            if (hash & mask == 0 && size >= BlockCutter.smallest) || size == BlockCutter.fixedSize { return taken }
        }
        (self.hash, self.size) = (hash, size)
        return nil
    }

    /// A number without a pattern for each byte, made by the generator of Steele, Lea and Flood (SplitMix64). Never to be changed:
    /// what is stored would be cut again.
    private static let gears: [UInt64] = {
        var state: UInt64 = 0x5348_4950_4b45_4550
        return (0..<256).map { _ in
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }()
}
