/// The check sum that Aliyun OSS keeps of every object: CRC-64/XZ, of the polynomial 0x42F0E1EBA9EA3693, reflected.
struct CRC64: Hashable, Sendable {
    private static let polynomial: UInt64 = 0xc96c_5795_d787_0f42

    private(set) var value: UInt64 = 0

    /// Eight tables of 256 numbers, so that eight bytes are taken at once.
    private static let tables: [UInt64] = {
        var tables = [UInt64](repeating: 0, count: 8 * 256)
        for index in 0..<256 {
            var number = UInt64(index)
            for _ in 0..<8 { number = number & 1 == 1 ? number >> 1 ^ polynomial : number >> 1 }
            tables[index] = number
        }
        for index in 256..<tables.count { tables[index] = tables[index - 256] >> 8 ^ tables[Int(tables[index - 256] & 0xff)] }
        return tables
    }()

    mutating func update(_ bytes: [UInt8]) {
        var crc = ~value
        var index = 0
        let tables = CRC64.tables
        while bytes.count - index >= 8 {
            var word: UInt64 = 0
            for offset in 0..<8 { word |= UInt64(bytes[index + offset]) << UInt64(offset * 8) }
            word ^= crc
            crc = 0
            for offset in 0..<8 { crc ^= tables[(7 - offset) * 256 + Int(word >> UInt64(offset * 8) & 0xff)] }
            index += 8
        }
        for byte in bytes[index...] { crc = crc >> 8 ^ tables[Int((crc ^ UInt64(byte)) & 0xff)] }
        value = ~crc
    }
}
