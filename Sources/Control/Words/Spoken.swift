package import Foundation
import JobKit
import Settings

/// Durations and instants as readers of a language say them.
package enum Spoken {
    /// `3d 4h`, `3 天 4 小时`.
    package static func length(_ length: Duration, _ language: Language) -> String {
        let text = DurationText.readable(length >= .seconds(1) ? .seconds(length.components.seconds) : length)
        guard language == .chinese else { return text }
        let units = [("ms", " 毫秒"), ("d", " 天"), ("h", " 小时"), ("m", " 分"), ("s", " 秒")]
        return text.split(separator: " ").map { part in
            let unit = units.first { part.hasSuffix($0.0) }
            return unit.map { "\(part.dropLast($0.0.count))\($0.1)" } ?? String(part)
        }.joined(separator: " ")
    }

    package static func ago(_ date: Date, _ now: Date, _ language: Language) -> String {
        let past = now.since(date)
        if past < .seconds(1) { return language == .english ? "just now" : "刚刚" }
        let text = length(past, language)
        return language == .english ? "\(text) ago" : "\(text)前"
    }

    package static func ahead(_ date: Date, _ now: Date, _ language: Language) -> String {
        let text = length(date.since(now), language)
        return language == .english ? "in \(text)" : "\(text)后"
    }
}
