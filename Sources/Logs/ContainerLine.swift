import Foundation
import JobKit
import TimeZones

/// The two forms of a line of the container's log.
enum ContainerLine {
    /// `2026-11-27T03:00:05+08:00 backup: succeeded: stored 3 files (run 2)`, and `… backup | text` for what a process wrote.
    static func text(_ notice: LogNotice, stream: LogStream?, at time: Date) -> [UInt8] {
        // An outcome says itself that something is wrong.
        let mark = notice.level == .info || notice.outcome != nil ? "" : "\(notice.level.rawValue): "
        let about = notice.job ?? "shipkeeper"
        return Array("\(ShownTime.stamp(time)) \(about)\(stream == nil ? ":" : " |") \(mark)\(PrintedText.line(notice.message))\n".utf8)
    }

    /// One JSON object. Fields are added to it, never changed.
    private struct Object: Encodable {
        /// UTC, to the millisecond.
        var time: String
        var level: String
        var event: String?
        var job: String?
        var run: Int64?
        /// `out` or `err`, for what a process wrote.
        var stream: LogStream?
        var outcome: String?
        var message: String
    }

    static func json(_ notice: LogNotice, stream: LogStream?, at time: Date) -> [UInt8] {
        let object = Object(
            time: String(decoding: StoredLine.stamp(time), as: UTF8.self), level: notice.level.rawValue, event: notice.event?.rawValue, job: notice.job,
            run: notice.run, stream: stream, outcome: notice.outcome, message: notice.message)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Texts and whole numbers can always be encoded.
        return ((try? encoder.encode(object)).map { [UInt8]($0) } ?? []) + [10]
    }
}
