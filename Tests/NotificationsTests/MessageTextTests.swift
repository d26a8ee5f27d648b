import Foundation
import HTTPClient
import Notifications
import Testing

@Suite("messages")
struct MessageTextTests {
    static func request(_ settings: String = "", outcome: String = "failed", words: String = "exit code 3", log: [String] = []) throws -> MessageRequest {
        let lines = String(decoding: try JSONEncoder().encode(log), as: UTF8.self)
        let quoted = String(decoding: try JSONEncoder().encode(words), as: UTF8.self)
        return try MessageRequest(
            """
            {"protocol":1,"job":"notify","run":9,"attempt":1,"settings":{"url":"https://example.com/x"\(settings)},"state":{},\
            "after":{"job":"backup","run":12,"outcome":"\(outcome)","words":\(quoted),"at":"2026-11-27T03:00:00Z","log":\(lines)}}
            """)
    }

    private static func text(_ request: MessageRequest, _ language: MessageText.Language = .en) -> MessageText {
        MessageText(request, language, time: "2026-11-27 03:00 Z", place: .init(platform: "Hugging Face Space", url: "https://a.hf.space"))
    }

    @Test("title and lines hold the job, the outcome, the words, the run, the time and the place, in both languages")
    func content() throws {
        let request = try MessageTextTests.request(log: ["one", "two"])
        let english = MessageTextTests.text(request)
        #expect(english.title == "backup failed")
        #expect(english.text == "exit code 3\nrun 12, 2026-11-27 03:00 Z\nHugging Face Space · https://a.hf.space\n\n…\none\ntwo")
        let chinese = MessageTextTests.text(request, .zh)
        #expect(chinese.title == "backup 失败")
        #expect(chinese.text.contains("第 12 次运行,2026-11-27 03:00 Z"))
        #expect(MessageText.Language(nil, environment: ["LANG": "zh_CN.UTF-8"]) == .zh)
        #expect(MessageText.Language("auto", environment: ["LANG": "zh_CN.UTF-8", "LC_ALL": "C"]) == .en)
        #expect(MessageText.Language("zh", environment: [:]) == .zh)
    }

    @Test("every outcome and kind of problem has words in Chinese")
    func words() throws {
        for outcome in [
            "failed", "incomplete", "timed out", "interrupted", "cancelled", "succeeded", "late", "silent", "slow", "restarting", "recovered", "failing",
            "started",
        ] {
            let title = MessageTextTests.text(try MessageTextTests.request(outcome: outcome), .zh).title
            #expect(!title.contains(outcome), "\(title)")
        }
    }

    @Test("a message is cut at characters, the log first, to what fits", arguments: [20, 60, 100, 400, 2048])
    func cut(most: Int) throws {
        let family = "👨‍👩‍👧‍👦"
        let request = try MessageTextTests.request(
            words: String(repeating: "备份失败\(family)", count: 20), log: (1...20).map { "行 \($0) " + String(repeating: "日志", count: 20) })
        for measure in [MessageText.Measure.bytes, .utf16] {
            for isWhole in [false, true] {
                let whole = MessageTextTests.text(request)
                let cut = whole.fitting(most, by: measure, isWhole: isWhole)
                let text = isWhole ? cut.whole : cut.text
                #expect(measure.length(text) <= most, "\(measure) \(isWhole): \(measure.length(text))")
                #expect(!text.contains("\u{FFFD}"))
                // Each character that is left is one of the whole.
                let known = Set(whole.whole)
                #expect(text.allSatisfy { known.contains($0) || $0 == "…" })
                if let last = cut.log.last { #expect(last == whole.log.last, "the end of the log is what is kept") }
            }
        }
    }

    @Test("what is filled into a title or a body is not filled again, and stays valid JSON")
    func template() throws {
        let request = try MessageTextTests.request(
            #","channel":"webhook","body":"{\"a\": \"{words}\", \"b\": \"{job} {nothing}\"}""#, words: "say \"{job}\"\n\\ 好")
        let text = MessageTextTests.text(request)
        let sent = try ChannelRequest(request, text, time: "now", now: Date()).http(.webhook)
        guard case .bytes(let bytes) = sent.body else { throw CocoaError(.coderReadCorrupt) }
        let json = try JSONDecoder().decode([String: String].self, from: Data(bytes))
        #expect(json == ["a": "say \"{job}\"\n\\ 好", "b": "backup {nothing}"])
    }

    @Test(
        "an address says which service it is",
        arguments: [
            ("https://open.feishu.cn/open-apis/bot/v2/hook/x", Channel.feishu), ("https://open.larksuite.com/x", .feishu),
            ("https://oapi.dingtalk.com/robot/send?access_token=x", .dingtalk),
            ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x", .wecom), ("https://api.day.app/KEY", .bark),
            ("https://hooks.slack.com/services/x", .slack),
            ("https://discord.com/api/webhooks/1/x", .discord), ("https://api.telegram.org/bot1:x", .telegram), ("https://ntfy.sh/topic", .ntfy),
            ("smtps://smtp.qq.com", .mail), ("https://hc-ping.com/uuid", .ping),
        ])
    func channel(address: String, channel: Channel) { #expect(Channel(of: address) == channel) }

    @Test("an address of nobody known says nothing, and one that only looks like one neither")
    func unknown() {
        for address in ["https://example.com/open.feishu.cn", "https://evilopen.feishu.cn.example.com/", "https://notday.app/KEY", "no address"] {
            #expect(Channel(of: address) == nil)
        }
    }

    @Test("the signature of DingTalk is that of its documentation, and Feishu's that of an independent HMAC")
    func signatures() throws {
        // hmac.new(b"this is secret", b"1577262236757\\nthis is secret", sha256) and hmac.new(b"1577262236\\nthis is secret", b"", sha256), by Python.
        let request = try MessageTextTests.request(#","secret":"this is secret""#)
        let at = Date(timeIntervalSince1970: 1_577_262_236.757)
        let dingtalk = try ChannelRequest(request, MessageTextTests.text(request), time: "", now: at).http(.dingtalk)
        #expect(dingtalk.url.hasPrefix("https://example.com/x?timestamp=1577262236757&sign=hmPWwU%2B7lVdm3ZZz0r9tSfx0L4Q26jWOZr9%2BGs6EZQM%3D"))
        let feishu = try ChannelRequest(request, MessageTextTests.text(request), time: "", now: at).http(.feishu)
        guard case .bytes(let bytes) = feishu.body else { throw CocoaError(.coderReadCorrupt) }
        #expect(String(decoding: bytes, as: UTF8.self).contains("\"sign\":\"RAfCltg8rVdmpPK5kCz1M40hrj/YzGYnkc/3vXwYNts=\""))
    }

    @Test(
        "answers are judged also where their status is 200",
        arguments: [
            (Channel.feishu, 200, #"{"code":0,"msg":"success","data":{}}"#, nil as Bool?), (.feishu, 200, #"{"StatusCode":0,"StatusMessage":"success"}"#, nil),
            (.feishu, 200, #"{"code":19021,"msg":"sign match fail"}"#, false), (.feishu, 200, #"{"code":11232,"msg":"too many"}"#, true),
            (.feishu, 200, "<html>", false),
            (.dingtalk, 200, #"{"errcode":0,"errmsg":"ok"}"#, nil), (.dingtalk, 200, #"{"errcode":310000,"errmsg":"sign not match"}"#, false),
            (.dingtalk, 200, #"{"errcode":130101,"errmsg":"send too fast"}"#, true), (.wecom, 200, #"{"errcode":93000,"errmsg":"invalid webhook url"}"#, false),
            (.wecom, 200, #"{"errcode":45009,"errmsg":"api freq out of limit"}"#, true), (.bark, 200, #"{"code":200,"message":"success"}"#, nil),
            (.bark, 400, #"{"code":400,"message":"failed to get device token"}"#, false), (.slack, 200, "ok", nil), (.slack, 404, "no_service", false),
            (.slack, 429, "", true),
            (.telegram, 200, #"{"ok":true,"result":{}}"#, nil),
            (.telegram, 403, #"{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}"#, false),
            (.telegram, 429, #"{"ok":false,"error_code":429,"description":"Too Many Requests"}"#, true), (.ping, 200, "OK", nil),
            (.ping, 200, "OK (not found)", false),
            (.ping, 200, "OK (rate limited)", true), (.discord, 204, "", nil), (.ntfy, 403, "{}", false), (.webhook, 302, "", false), (.webhook, 503, "", true),
        ])
    func answers(channel: Channel, status: Int, body: String, isPassing: Bool?) {
        do throws(DeliveryFailure) {
            try channel.judge(HTTPResponse(status: status, body: Array(body.utf8)))
            #expect(isPassing == nil, "\(channel) takes \(body) for a success")
        } catch { #expect(error.isPassing == isPassing, "\(channel) \(body): \(error)") }
    }
}
