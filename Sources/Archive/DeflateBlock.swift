import CZlib

/// One block of a deflate stream, compressed apart from the others so that all cores can work. Every `unsafe` word for
/// writing gzip is in this file.
struct DeflateBlock: Sendable {
    /// The bytes before the block that it may refer to: 32 KiB at most.
    let history: [UInt8]
    let input: [UInt8]
    let isLast: Bool

    struct Compressed: Sendable {
        var bytes: [UInt8]
        var checksum: UInt
        var length: Int
    }

    /// What hardly gets shorter is stored as it is, which takes no time to write and none to read.
    /// - Returns: Nil where zlib has no memory.
    func compressed(level wanted: Int32) -> Compressed? {
        let isDense = unsafe input.withUnsafeBufferPointer { unsafe czlib_is_dense($0.baseAddress, $0.count) } != 0
        let level = isDense ? 0 : wanted
        let room = czlib_bound(input.count)
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            unsafe history.withUnsafeBufferPointer { past in
                unsafe input.withUnsafeBufferPointer { data in
                    count = unsafe czlib_deflate_block(
                        level, past.baseAddress, past.count, data.baseAddress, data.count, isLast ? 1 : 0,
                        buffer.baseAddress, room)
                }
            }
        }
        guard !bytes.isEmpty else { return nil }
        let checksum = unsafe input.withUnsafeBufferPointer { unsafe crc32(0, $0.baseAddress, uInt($0.count)) }
        return Compressed(bytes: bytes, checksum: input.isEmpty ? 0 : UInt(checksum), length: input.count)
    }

    /// The checksum of two stretches together, the second of the given length.
    static func combine(_ first: UInt, _ second: UInt, length: Int) -> UInt {
        UInt(crc32_combine(uLong(first), uLong(second), length))
    }
}
