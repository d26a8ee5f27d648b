package import Foundation

/// An instant as `2026-11-27T06:20:35.123Z`: UTC, to the millisecond. Stamps have always the same length, and sort as the instants they name.
package enum UTCStamp {
    /// In bytes.
    package static let length = 24
    private static let form = Array("0000-00-00T00:00:00.000Z".utf8)

    /// The stamp of an instant, rounded; years are cut to 0 to 9999.
    package static func bytes(_ date: Date) -> [UInt8] {
        let earliest = -62_167_219_200_000.0, latest = 253_402_300_799_999.0
        let milliseconds = Int(min(max((date.timeIntervalSince1970 * 1000).rounded(), earliest), latest))
        let seconds = CivilDate.floorDivide(milliseconds, 1000)
        let day = CivilDate.floorDivide(seconds, CivilDate.daySeconds)
        let (year, month, dayOfMonth) = CivilDate.date(ofDay: day)
        let second = seconds - day * CivilDate.daySeconds
        var stamp = form
        func put(_ value: Int, digits: Int, at start: Int) {
            var rest = value
            for index in stride(from: start + digits - 1, through: start, by: -1) {
                stamp[index] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            }
        }
        put(year, digits: 4, at: 0)
        put(month, digits: 2, at: 5)
        put(dayOfMonth, digits: 2, at: 8)
        put(second / 3600, digits: 2, at: 11)
        put(second / 60 % 60, digits: 2, at: 14)
        put(second % 60, digits: 2, at: 17)
        put(milliseconds - seconds * 1000, digits: 3, at: 20)
        return stamp
    }

    /// The instant without its milliseconds, such as `2026-03-29T01:00:00Z`.
    package static func seconds(_ date: Date) -> String { String(decoding: bytes(date).prefix(19), as: UTF8.self) + "Z" }

    /// The instant that a stamp names; nil for anything else.
    package static func date(_ text: some Collection<UInt8>) -> Date? {
        let bytes = Array(text)
        guard bytes.count == length else { return nil }
        let zero = UInt8(ascii: "0")
        for (byte, wanted) in zip(bytes, form) {
            guard wanted == zero ? (zero...UInt8(ascii: "9")).contains(byte) : byte == wanted else { return nil }
        }
        func number(_ range: Range<Int>) -> Int { bytes[range].reduce(0) { $0 * 10 + Int($1 - zero) } }
        let (year, month, day) = (number(0..<4), number(5..<7), number(8..<10))
        let (hour, minute, second) = (number(11..<13), number(14..<16), number(17..<19))
        guard (1...12).contains(month), hour < 24, minute < 60, second < 60 else { return nil }
        let days = CivilDate.day(year: year, month: month) + day - 1
        // A day that does not exist, such as the 30th of February, leads to another month.
        guard CivilDate.date(ofDay: days) == (year, month, day) else { return nil }
        let seconds = days * CivilDate.daySeconds + hour * 3600 + minute * 60 + second
        return Date(timeIntervalSince1970: Double(seconds * 1000 + number(20..<23)) / 1000)
    }
}
