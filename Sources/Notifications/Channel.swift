import Foundation

/// A service that takes messages. The raw values are those of the setting `channel`.
package enum Channel: String, CaseIterable, Sendable {
    case feishu, dingtalk, wecom, bark, slack, discord, telegram, ntfy, mail, ping, webhook

    /// The service that an address belongs to; nil where it does not say so.
    package init?(of address: String) {
        guard let parts = URLComponents(string: address), let host = parts.host?.lowercased() else { return nil }
        if ["smtp", "smtps"].contains(parts.scheme?.lowercased()) {
            self = .mail
            return
        }
        func isBelow(_ domain: String) -> Bool { host == domain || host.hasSuffix("." + domain) }
        let known: [(String, Channel)] = [
            ("open.feishu.cn", .feishu), ("open.larksuite.com", .feishu), ("oapi.dingtalk.com", .dingtalk), ("qyapi.weixin.qq.com", .wecom),
            ("day.app", .bark), ("hooks.slack.com", .slack), ("discord.com", .discord), ("discordapp.com", .discord), ("api.telegram.org", .telegram),
            ("ntfy.sh", .ntfy), ("hc-ping.com", .ping), ("healthchecks.io", .ping),
        ]
        guard let found = known.first(where: { isBelow($0.0) })?.1 else { return nil }
        self = found
    }

    /// The longest message, less a margin for what surrounds it. Each service's own documentation says what it takes:
    /// Feishu 20 KB a request (open.feishu.cn, custom bots), DingTalk 20,000 bytes (open.dingtalk.com, custom robots), WeCom 2048 bytes of text
    /// (developer.work.weixin.qq.com, document/path/91770), Bark 4 KiB a push, which is Apple's limit, Slack 40,000 characters (api.slack.com, chat.postMessage),
    /// Discord 2000 characters (discord.com/developers, execute webhook), Telegram 4096 (core.telegram.org/bots/api, sendMessage), ntfy 4096 bytes
    /// (docs.ntfy.sh, limitations), healthchecks.io 100 kB (healthchecks.io/docs, attaching logs).
    var limit: (most: Int, measure: MessageText.Measure, isWhole: Bool) {
        switch self {
        case .feishu, .dingtalk: (9_000, .bytes, true)
        case .wecom: (2_048, .bytes, true)
        case .bark: (2_500, .bytes, false)
        case .slack: (12_000, .utf16, true)
        case .discord: (2_000, .utf16, true)
        case .telegram: (4_096, .utf16, true)
        case .ntfy: (4_000, .bytes, false)
        case .mail, .webhook: (100_000, .bytes, false)
        case .ping: (10_000, .bytes, true)
        }
    }
}
