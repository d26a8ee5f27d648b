import Crypto

/// A random number for each byte, with which `ContentCutter` rolls its hash.
enum GearTable {
    /// The table of FastCDC's reference implementation: the first eight bytes of the MD5 of 64 times the byte, big-endian.
    static let numbers: [UInt64] = (0...255).map { byte in
        Insecure.MD5.hash(data: [UInt8](repeating: UInt8(byte), count: 64)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The mask with which a hash hits once in 2^`bits` bytes: its ones are spread, so that all bytes of the last 48 count.
    /// - Parameter bits: 10 to 24.
    static func mask(bits: Int) -> UInt64 {
        let masks: [UInt64] = [
            0x5900_0353_0000, 0xd900_0353_0000, 0xd901_0353_0000, 0xd903_0353_0000, 0xd903_1353_0000, 0xd90f_0353_0000, 0xd903_0353_7000,
            0xd907_0353_7000, 0xd907_0753_7000, 0xd917_0753_7000, 0xd917_4753_7000, 0xd917_6753_7000, 0xd937_6753_7000, 0xd937_7753_7000,
            0xd937_7757_7000,
        ]
        return masks[bits - 10]
    }
}
