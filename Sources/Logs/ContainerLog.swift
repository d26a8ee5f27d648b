import Foundation
package import JobKit
import Synchronization
import TimeZones

/// The log of the container: one line an event, as text or JSON, on standard output. The one place where lines leave.
package final class ContainerLog: Sendable {
    package enum Format: Sendable {
        case text
        case json
    }

    package enum Level: String, Sendable {
        case info, warning, error
    }

    private let redactor: Redactor
    private let clock: any WallClock
    private let format: Mutex<Format>
    private let write: @Sendable ([UInt8]) -> Void

    /// - Parameter write: Gets whole lines, one call at a time for each.
    package init(
        redactor: Redactor, clock: any WallClock, format: Format, write: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.redactor = redactor
        self.clock = clock
        self.format = Mutex(format)
        self.write = write
    }

    package func use(_ format: Format) { self.format.withLock { $0 = format } }

    /// A line of the program's own.
    package func note(_ message: String, _ level: Level = .info) {
        emit(level, job: nil, run: nil, stream: nil, redactor.redacted(message))
    }

    /// A line of a run. `text` is free of secrets already when it comes from a `LineAssembler`; it is cleaned all the same.
    func line(_ text: String, job: String, run: Int64, stream: LogStream?) {
        emit(.info, job: job, run: run, stream: stream, redactor.redacted(text))
    }

    private func emit(_ level: Level, job: String?, run: Int64?, stream: LogStream?, _ message: String) {
        let now = clock.now
        switch format.withLock({ $0 }) {
        case .text:
            let mark = level == .info ? "" : "\(level.rawValue): "
            let who = job ?? "shipkeeper"
            write(Array("\(ShownTime.stamp(now)) \(who)\(stream == nil ? ":" : " |") \(mark)\(message.printable)\n".utf8))
        case .json:
            var fields = ["time": now.formatted(.iso8601), "level": level.rawValue, "message": message]
            fields["job"] = job
            fields["run"] = run.map { "\($0)" }
            fields["stream"] = stream?.rawValue
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            guard let data = try? encoder.encode(fields) else { return }
            write(Array(data) + [10])
        }
    }
}

extension String {
    /// Without control characters that could forge a line or steer a terminal; colours of the app pass.
    fileprivate var printable: String {
        guard unicodeScalars.contains(where: { $0.value < 32 && $0 != "\t" && $0 != "\u{1b}" }) else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.map { $0.value < 32 && $0 != "\t" && $0 != "\u{1b}" ? " " : $0 }))
    }
}
