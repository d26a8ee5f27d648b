import Crypto
package import Foundation
package import HTTPClient

/// The request that carries a message to a service.
package struct ChannelRequest: Sendable {
    let request: MessageRequest
    let text: MessageText
    /// As it is shown.
    let time: String
    let now: Date

    package init(_ request: MessageRequest, _ text: MessageText, time: String, now: Date) {
        self.request = request
        self.text = text
        self.time = time
        self.now = now
    }

    /// - Throws: Where the settings do not suffice.
    package func http(_ channel: Channel) throws(DeliveryFailure) -> HTTPRequest {
        let (most, measure, isWhole) = channel.limit
        let text = text.fitting(most, by: measure, isWhole: isWhole)
        switch channel {
        case .feishu: return try json(request.settings.url, feishu(text))
        case .dingtalk: return try json(signedForDingTalk(), ["msgtype": "text", "text": ["content": text.whole]])
        case .wecom: return try json(request.settings.url, ["msgtype": "text", "text": ["content": ChannelRequest.withoutMentions(text.whole)]])
        case .bark:
            let (root, key) = try split("https://api.day.app/KEY")
            return try json(root + "/push", ["device_key": key, "title": text.title, "body": text.text, "group": "shipkeeper"])
        case .slack:
            return try json(request.settings.url, ["text": ChannelRequest.escapedForSlack("*\(text.title)*\n\(text.text)")])
        case .discord:
            return try json(request.settings.url, ["content": text.whole, "allowed_mentions": ["parse": [String]()]])
        case .telegram: return try telegram(text)
        case .ntfy:
            let (root, topic) = try split("https://ntfy.sh/TOPIC")
            return try json(root, ["topic": topic, "title": text.title, "message": text.text])
        case .ping: return try ping(text)
        case .webhook: return webhook(text)
        case .mail: throw DeliveryFailure("a mail is not sent by HTTP")
        }
    }

    // MARK: Services

    /// A text of a custom bot. See https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot: the key of the signature is the time and the secret, and it
    /// signs nothing.
    private func feishu(_ text: MessageText) -> [String: Any] {
        var body: [String: Any] = ["msg_type": "text", "content": ["text": ChannelRequest.withoutMentions(text.whole)]]
        if let secret = request.settings.secret, !secret.isEmpty {
            let stamp = "\(Int(now.timeIntervalSince1970))"
            body["timestamp"] = stamp
            body["sign"] = ChannelRequest.signature(of: "", key: "\(stamp)\n\(secret)")
        }
        return body
    }

    /// See https://open.dingtalk.com/document/robots/customize-robot-security-settings: time in milliseconds, and a signature of it and the secret.
    private func signedForDingTalk() -> String {
        guard let secret = request.settings.secret, !secret.isEmpty else { return request.settings.url }
        let stamp = "\(Int64(now.timeIntervalSince1970 * 1000))"
        let signature = ChannelRequest.signature(of: "\(stamp)\n\(secret)", key: secret)
        let mark = request.settings.url.contains("?") ? "&" : "?"
        return "\(request.settings.url)\(mark)timestamp=\(stamp)&sign=\(PercentEncoding.encode(signature))"
    }

    private static func signature(of text: String, key: String) -> String {
        let code = HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: SymmetricKey(data: Data(key.utf8)))
        return Data(code).base64EncodedString()
    }

    private func telegram(_ text: MessageText) throws(DeliveryFailure) -> HTTPRequest {
        let address = request.settings.url
        guard var parts = URLComponents(string: address) else { throw DeliveryFailure("\"url\" is not an address") }
        let named = parts.queryItems?.first { $0.name == "chat_id" }?.value
        guard let chat = [request.settings.to, named].compactMap(\.self).first(where: { !$0.isEmpty }) else {
            throw DeliveryFailure("Telegram needs the number of a chat", hint: "set \"to\": the bot @userinfobot says yours")
        }
        parts.queryItems = nil
        var root = parts.string ?? address
        for end in ["/sendMessage", "/"] where root.hasSuffix(end) { root.removeLast(end.count) }
        return try json(root + "/sendMessage", ["chat_id": chat, "text": text.whole, "disable_web_page_preview": true])
    }

    /// See https://healthchecks.io/docs/http_api/: `/start`, nothing and `/fail` behind the address, with what is said as the body.
    private func ping(_ text: MessageText) throws(DeliveryFailure) -> HTTPRequest {
        guard var parts = URLComponents(string: request.settings.url) else { throw DeliveryFailure("\"url\" is not an address") }
        let end =
            switch request.after?.outcome {
            case nil, "succeeded", "recovered": ""
            case "started": "/start"
            default: "/fail"
            }
        while parts.percentEncodedPath.hasSuffix("/") { parts.percentEncodedPath.removeLast() }
        parts.percentEncodedPath += end
        return post(parts.string ?? request.settings.url, Array(text.whole.utf8), type: "text/plain; charset=utf-8")
    }

    private func webhook(_ text: MessageText) -> HTTPRequest {
        let usual = """
            {"title": "{title}", "text": "{text}", "job": "{job}", "outcome": "{outcome}", "words": "{words}", "run": "{run}", "time": "{time}"}
            """
        let template = request.settings.body.flatMap { $0.isEmpty ? nil : $0 } ?? usual
        let body = Template.fill(template, request.after, time: time, title: text.title, text: text.text, as: Template.json)
        return post(request.settings.url, Array(body.utf8), type: "application/json")
    }

    // MARK: Parts

    /// The address without its last part, and that.
    private func split(_ example: String) throws(DeliveryFailure) -> (root: String, last: String) {
        guard var parts = URLComponents(string: request.settings.url), let last = parts.path.split(separator: "/").first else {
            throw DeliveryFailure("\"url\" lacks its last part", hint: "write it as \(example)")
        }
        (parts.path, parts.queryItems) = ("", nil)
        return (parts.string ?? "", String(last))
    }

    private func json(_ address: String, _ body: [String: Any]) throws(DeliveryFailure) -> HTTPRequest {
        guard let data = try? JSONSerialization.data(withJSONObject: body, options: [.sortedKeys, .withoutEscapingSlashes]) else {
            throw DeliveryFailure("the message can't be written as JSON")
        }
        return post(address, Array(data), type: "application/json; charset=utf-8")
    }

    private func post(_ address: String, _ body: [UInt8], type: String) -> HTTPRequest {
        HTTPRequest("POST", address, headers: [("Content-Type", type), ("User-Agent", "shipkeeper")], body: .bytes(body), mostBody: 1 << 20)
    }

    /// The same where nobody is called by it: in a text of these services `<at …>` and `<@…>` would call a member, or all.
    private static func withoutMentions(_ text: String) -> String { text.replacing("<at", with: "<\u{200B}at").replacing("<@", with: "<\u{200B}@") }

    /// See https://docs.slack.dev/messaging/formatting-message-text: three characters have a meaning.
    private static func escapedForSlack(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
