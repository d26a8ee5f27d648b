import Foundation
import JobKit
import TimeZones

/// The form of a line in the file of a run's log: `2026-11-27T06:20:35.123Z out hello`.
///
/// The stamp has always the same length, and stamps sort as the instants they name. Files of earlier versions have lines without it: shipkeeper's
/// own begin with `# `.
enum StoredLine {
    /// Of a stamp, in bytes: UTC, to the millisecond.
    static let stampLength = 24
    /// Of all that is before the text, in bytes.
    private static let prefixLength = stampLength + 5

    static func bytes(_ line: LogLine) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(prefixLength + line.text.utf8.count + 1)
        if let at = line.at {
            bytes += stamp(at)
            bytes.append(UInt8(ascii: " "))
            bytes += line.source.rawValue.utf8
            bytes.append(UInt8(ascii: " "))
        } else if line.source == .own {
            bytes += "# ".utf8
        }
        bytes += line.text.utf8
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    /// - Parameter bytes: Without the line break.
    static func line(_ bytes: some BidirectionalCollection<UInt8>) -> LogLine {
        if let (at, source) = prefix(of: bytes.prefix(prefixLength)) {
            return LogLine(at: at, source: source, text: String(decoding: bytes.dropFirst(prefixLength), as: UTF8.self))
        }
        let text = String(decoding: bytes, as: UTF8.self)
        return text.hasPrefix("# ") ? LogLine(at: nil, source: .own, text: String(text.dropFirst(2))) : LogLine(at: nil, source: .output, text: text)
    }

    /// The stamp of an instant; years are cut to 0 to 9999.
    static func stamp(_ date: Date) -> [UInt8] {
        let earliest = -62_167_219_200_000.0, latest = 253_402_300_799_999.0
        let milliseconds = Int(min(max((date.timeIntervalSince1970 * 1000).rounded(), earliest), latest))
        let seconds = CivilDate.floorDivide(milliseconds, 1000)
        let day = CivilDate.floorDivide(seconds, CivilDate.daySeconds)
        let (year, month, dayOfMonth) = CivilDate.date(ofDay: day)
        let second = seconds - day * CivilDate.daySeconds
        var stamp: [UInt8] = []
        stamp.reserveCapacity(stampLength)
        func add(_ value: Int, digits: Int, then mark: Unicode.Scalar) {
            var unit = 1
            for _ in 1..<digits { unit *= 10 }
            while unit > 0 {
                stamp.append(UInt8(ascii: "0") + UInt8(value / unit % 10))
                unit /= 10
            }
            stamp.append(UInt8(ascii: mark))
        }
        add(year, digits: 4, then: "-")
        add(month, digits: 2, then: "-")
        add(dayOfMonth, digits: 2, then: "T")
        add(second / 3600, digits: 2, then: ":")
        add(second / 60 % 60, digits: 2, then: ":")
        add(second % 60, digits: 2, then: ".")
        add(milliseconds - seconds * 1000, digits: 3, then: "Z")
        return stamp
    }

    private static let form = Array("0000-00-00T00:00:00.000Z ".utf8)

    private static func prefix(of bytes: some BidirectionalCollection<UInt8>) -> (Date, LogLine.Source)? {
        guard bytes.count == prefixLength, bytes.last == UInt8(ascii: " ") else { return nil }
        let bytes = Array(bytes)
        for (byte, wanted) in zip(bytes, form) {
            guard wanted == UInt8(ascii: "0") ? (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) : byte == wanted else { return nil }
        }
        guard let source = LogLine.Source(rawValue: String(decoding: bytes[(stampLength + 1)..<(prefixLength - 1)], as: UTF8.self)) else { return nil }
        func number(_ range: Range<Int>) -> Int { bytes[range].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } }
        let (month, day) = (number(5..<7), number(8..<10))
        guard (1...12).contains(month), (1...31).contains(day) else { return nil }
        let days = CivilDate.day(year: number(0..<4), month: month) + day - 1
        let seconds = days * CivilDate.daySeconds + number(11..<13) * 3600 + number(14..<16) * 60 + number(17..<19)
        return (Date(timeIntervalSince1970: Double(seconds * 1000 + number(20..<23)) / 1000), source)
    }

    /// Whether a line was written at an instant or later, by its first bytes. Lines without a stamp were not.
    static func isAtOrAfter(_ stamp: [UInt8], _ line: some BidirectionalCollection<UInt8>) -> Bool {
        let start = line.prefix(stampLength)
        guard start.count == stampLength, start.last == UInt8(ascii: "Z") else { return false }
        return !start.lexicographicallyPrecedes(stamp)
    }
}
