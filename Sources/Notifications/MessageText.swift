import Foundation

/// A message as a person reads it.
package struct MessageText: Sendable {
    package enum Language: String, Sendable {
        case en, zh

        /// - Parameter setting: `en`, `zh`, or anything else for what the environment says.
        package init(_ setting: String?, environment: [String: String]) {
            let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
            self = setting.flatMap(Language.init(rawValue:)) ?? (locale.lowercased().hasPrefix("zh") ? .zh : .en)
        }
    }

    /// Where the message comes from.
    package struct Place: Sendable {
        /// `Hugging Face Space`; nil where no platform is known.
        package var platform: String?
        package var url: String?
        package var host: String?

        package init(platform: String? = nil, url: String? = nil, host: String? = nil) {
            self.platform = platform
            self.url = url
            self.host = host
        }
    }

    /// How long a text is, as a service counts.
    package enum Measure: Sendable {
        case bytes, utf16

        package func length(_ text: some StringProtocol) -> Int {
            switch self {
            case .bytes: text.utf8.count
            case .utf16: text.utf16.count
            }
        }
    }

    package var title: String
    /// What is wrong, the run, the time and the place: a line each.
    package var lines: [String]
    /// The end of the log.
    package var log: [String]

    /// - Parameter time: The time of the event, as it is shown.
    package init(_ request: MessageRequest, _ language: Language, time: String, place: Place) {
        let wanted = request.settings.title ?? ""
        guard let after = request.after else {
            let texts = language == .zh ? ("shipkeeper 测试消息", "看到这条消息,说明通知已经可用。") : ("shipkeeper: test message", "You can read this, so notifications work.")
            title = wanted.isEmpty ? texts.0 : wanted
            lines = [texts.1, MessageText.line(place)].filter { !$0.isEmpty }
            log = []
            return
        }
        let usual = "\(after.job) \(MessageText.words(for: after.outcome, language))"
        title = wanted.isEmpty ? usual : Template.fill(wanted, after, time: time)
        let run = after.run.map { language == .zh ? "第 \($0) 次运行" : "run \($0)" }
        lines = [after.words, [run, time].compactMap(\.self).joined(separator: language == .zh ? "," : ", "), MessageText.line(place)].filter { !$0.isEmpty }
        log = Array(after.log.suffix(max(0, request.settings.lines ?? 10)))
    }

    private static func line(_ place: Place) -> String { [place.platform, place.url ?? place.host].compactMap(\.self).joined(separator: " · ") }

    private static let english = [
        "late": "is late", "silent": "has not succeeded for long", "slow": "is slow", "restarting": "keeps restarting", "recovered": "has recovered",
        "failing": "is failing", "started": "has started", "interrupted": "was interrupted", "cancelled": "was cancelled", "incomplete": "is incomplete",
    ]
    private static let chinese = [
        "failed": "失败", "incomplete": "不完整", "timed out": "超时", "interrupted": "被中断", "cancelled": "已取消", "succeeded": "成功", "late": "到点未开始",
        "silent": "长时间没有成功", "slow": "运行过慢", "restarting": "反复重启", "recovered": "已恢复", "failing": "出错", "started": "已开始",
    ]

    /// An outcome in a sentence after the job's name.
    static func words(for outcome: String, _ language: Language) -> String {
        (language == .zh ? chinese : english)[outcome] ?? outcome
    }

    /// Lines and log as one text.
    package var text: String { (lines + (log.isEmpty ? [] : ["", "…"]) + log).joined(separator: "\n") }

    /// Title and text as one.
    package var whole: String { "\(title)\n\(text)" }

    /// The same within a limit: first the log is shortened, from its beginning, then the rest, between characters.
    /// - Parameter isWhole: Whether the title counts too.
    package func fitting(_ most: Int, by measure: Measure, isWhole: Bool) -> MessageText {
        var cut = self
        func length() -> Int { measure.length(isWhole ? cut.whole : cut.text) }
        while !cut.log.isEmpty, length() > most { cut.log.removeFirst() }
        guard length() > most else { return cut }
        let own = isWhole ? measure.length(cut.title) + 1 : 0
        if own >= most { cut.title = MessageText.prefix(cut.title, most / 2, measure) }
        let rest = most - (isWhole ? measure.length(cut.title) + 1 : 0)
        cut.lines = [MessageText.prefix(cut.lines.joined(separator: "\n"), rest, measure)]
        return cut
    }

    /// As many characters as fit, with `…` where some are left out.
    static func prefix(_ text: String, _ most: Int, _ measure: Measure) -> String {
        guard measure.length(text) > most else { return text }
        let mark = "…"
        var (end, length) = (text.startIndex, measure.length(mark))
        while end < text.endIndex {
            let next = text.index(after: end)
            length += measure.length(text[end..<next])
            if length > most { break }
            end = next
        }
        return text[..<end] + mark
    }
}

/// Texts with places to fill in.
enum Template {
    /// - Parameter form: What is made of a value before it is filled in.
    static func fill(
        _ template: String, _ after: MessageRequest.After?, time: String, title: String = "", text: String = "", as form: (String) -> String = { $0 }
    ) -> String {
        let values = [
            "job": after?.job ?? "", "outcome": after?.outcome ?? "test", "words": after?.words ?? "", "run": after?.run.map { "\($0)" } ?? "", "time": time,
            "title": title, "text": text,
        ]
        // In one pass: what is filled in is not looked at again.
        var (result, rest) = ("", template[...])
        while let open = rest.firstIndex(of: "{") {
            result += rest[..<open]
            rest = rest[open...]
            let close = rest.firstIndex(of: "}")
            if let close, let value = values[String(rest[rest.index(after: open)..<close])] {
                result += form(value)
                rest = rest[rest.index(after: close)...]
            } else {
                result += "{"
                rest = rest.dropFirst()
            }
        }
        return result + rest
    }

    /// As the inside of a text in JSON.
    static func json(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        guard let data = try? encoder.encode(text) else { return "" }
        return String(String(decoding: data, as: UTF8.self).dropFirst().dropLast())
    }
}
