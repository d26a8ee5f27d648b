import Foundation
import JobKit
import TimeZones

/// The two forms of a line of the container's log.
enum ContainerLine {
    /// Lines as `2026-11-27T03:00:05+08:00 backup: succeeded: stored 3 files (run 2)`, and `… backup | text` for what a process wrote.
    static func text(_ texts: [String], _ about: LogNotice, stream: LogStream?, at time: Date) -> [UInt8] {
        // An outcome says itself that something is wrong.
        let mark = about.level == .info || about.outcome != nil ? "" : "\(about.level.rawValue): "
        let beginning = Array("\(ShownTime.stamp(time)) \(about.job ?? "shipkeeper")\(stream == nil ? ":" : " |") \(mark)".utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(texts.reduce(0) { $0 + beginning.count + $1.utf8.count + 1 })
        for text in texts {
            bytes += beginning
            bytes += PrintedText.line(text).utf8
            bytes.append(10)
        }
        return bytes
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

    static func json(_ texts: [String], _ about: LogNotice, stream: LogStream?, at time: Date) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var object = Object(
            time: String(decoding: UTCStamp.bytes(time), as: UTF8.self), level: about.level.rawValue, event: about.event?.rawValue, job: about.job,
            run: about.run, stream: stream, outcome: about.outcome, message: "")
        return texts.flatMap { text in
            object.message = text
            // Texts and whole numbers can always be encoded.
            return ((try? encoder.encode(object)).map { [UInt8]($0) } ?? []) + [10]
        }
    }
}
