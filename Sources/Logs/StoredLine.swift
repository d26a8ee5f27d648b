import Foundation
import JobKit
import TimeZones

/// The form of a line in the file of a run's log: `2026-11-27T06:20:35.123Z out hello`.
///
/// The stamp has always the same length, and stamps sort as the instants they name. Files of earlier versions have lines without it: shipkeeper's
/// own begin with `# `.
enum StoredLine {
    /// Of all that is before the text, in bytes.
    private static let prefixLength = UTCStamp.length + 5

    /// Makes the bytes of lines. Those that were written together begin alike, which is made once for all of them.
    struct Writer {
        private var at: Date?
        private var source: LogLine.Source?
        private var prefix: [UInt8] = []

        /// Appends a line to bytes of which at most so many may be there afterwards; false where it does not fit, and nothing is appended.
        mutating func append(_ line: LogLine, to bytes: inout [UInt8], most: Int64) -> Bool {
            if line.source != source || line.at != at {
                (source, at) = (line.source, line.at)
                prefix = StoredLine.prefix(line)
            }
            let text = line.text.utf8
            guard Int64(bytes.count + prefix.count + text.count + 1) <= most else { return false }
            bytes += prefix
            bytes += text
            bytes.append(UInt8(ascii: "\n"))
            return true
        }
    }

    private static func prefix(_ line: LogLine) -> [UInt8] {
        guard let at = line.at else { return line.source == .own ? Array("# ".utf8) : [] }
        return UTCStamp.bytes(at) + Array(" \(line.source.rawValue) ".utf8)
    }

    /// - Parameter bytes: Without the line break.
    static func line(_ bytes: some BidirectionalCollection<UInt8>) -> LogLine {
        if let (at, source) = prefix(of: bytes.prefix(prefixLength)) {
            return LogLine(at: at, source: source, text: String(decoding: bytes.dropFirst(prefixLength), as: UTF8.self))
        }
        let text = String(decoding: bytes, as: UTF8.self)
        return text.hasPrefix("# ") ? LogLine(at: nil, source: .own, text: String(text.dropFirst(2))) : LogLine(at: nil, source: .output, text: text)
    }

    private static func prefix(of bytes: some BidirectionalCollection<UInt8>) -> (Date, LogLine.Source)? {
        let blank = UInt8(ascii: " ")
        guard bytes.count == prefixLength, bytes.last == blank, let at = UTCStamp.date(bytes.prefix(UTCStamp.length)) else { return nil }
        let rest = bytes.dropFirst(UTCStamp.length)
        guard rest.first == blank, let source = LogLine.Source(rawValue: String(decoding: rest.dropFirst().dropLast(), as: UTF8.self)) else { return nil }
        return (at, source)
    }

    /// Whether a line was written at an instant or later, by its first bytes. Lines without a stamp were not.
    static func isAtOrAfter(_ stamp: [UInt8], _ line: some BidirectionalCollection<UInt8>) -> Bool {
        let start = line.prefix(UTCStamp.length)
        guard start.count == UTCStamp.length, start.last == UInt8(ascii: "Z") else { return false }
        return !start.lexicographicallyPrecedes(stamp)
    }
}
