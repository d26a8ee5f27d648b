import Control
import Foundation
import Front
import JobKit
import TestSupport
import Testing

@testable import Web

/// What pages are made of.
@Suite("text of pages")
struct PageTextTests {
    @Test("a log's colours become classes, everything else is escaped, and nothing steers the page")
    func terminal() {
        #expect(TerminalText.html("plain <b>&\"'") == "plain &lt;b&gt;&amp;&quot;&#39;")
        #expect(TerminalText.html("\u{1b}[31mred\u{1b}[0m and") == "<span class=\"f1\">red</span> and")
        #expect(TerminalText.html("\u{1b}[1;4;92;44m<x>") == "<span class=\"f10 g4 bo un\">&lt;x&gt;</span>")
        #expect(TerminalText.html("\u{1b}[38;5;196mA\u{1b}[39mB") == "<span class=\"f1\">A</span>B" || TerminalText.html("\u{1b}[38;5;196mA").contains("f9"))
        #expect(TerminalText.html("\u{1b}[38;2;255;255;255mA\u{1b}[mB") == "<span class=\"f15\">A</span>B")
        #expect(TerminalText.html("\u{1b}]8;;javascript:alert(1)\u{7}x\u{1b}[2J\u{1b}[999;999Hy\u{202e}z\0\r") == "]8;;javascript:alert(1)xyz")
        for broken in [
            "\u{1b}", "\u{1b}[", "\u{1b}[38", "\u{1b}[38;5m", "\u{1b}[38;5;999mx", "\u{1b}[38;2;1mx", "\u{1b}[99999999999999999999mx", "\u{1b}[<script>m",
        ] {
            #expect(!TerminalText.html(broken).contains("<script"), "\(broken.debugDescription)")
        }
    }

    @Test("what would be a mark of HTML is none, with an accent after it neither")
    func escaping() {
        let text = "\"\u{301} onmouseover=x '\u{300}<\u{338}script>&\u{fe0f}"
        let page = Templates.render(
            .message, ["t": Word.all(in: .english), "title": text, "text": text, "back": "\"\u{301}><script>alert(1)</script>"])
        #expect(!page.contains("<script") && !page.contains("\"\u{301}") && !page.unicodeScalars.contains("\u{338}") == false)
        #expect(page.unicodeScalars.filter { $0 == "\"" }.count == 2, "\(page)")
    }

    @Test("every template can be read, and every word that it names is there", arguments: Templates.Name.allCases)
    func templates(name: Templates.Name) throws {
        #expect(!Templates.render(name, ["t": Word.all(in: .chinese)]).isEmpty)
        let words = Set(Word.allCases.map(\.rawValue))
        for match in name.text.matches(of: /\{\{t\.([A-Za-z]+)\}\}/) { #expect(words.contains(String(match.1)), "\(match.1)") }
        // No script, style or handler within the page: the policy would refuse it.
        #expect(name.text.firstMatch(of: /<script(?! src)| style=| on[a-z]+=/) == nil)
    }

    @Test("every word has two languages, and is used")
    func words() throws {
        for word in Word.allCases { #expect(word.text(in: .english) != word.text(in: .chinese), "\(word)") }
        let files = try Shell.run("cat '\(SourceTree.root)'/Sources/Web/*.swift '\(SourceTree.root)'/Sources/Web/*/*.swift").output
        for word in Word.allCases {
            let isUsed =
                files.contains("{{t.\(word.rawValue)}}") || files.contains("text(.\(word.rawValue))") || files.contains("Word.\(word.rawValue).")
                || files.contains(": .\(word.rawValue)") || files.contains(", .\(word.rawValue))") || files.contains("? .\(word.rawValue) :")
            #expect(isUsed, "\(word) is not used")
        }
    }

    @Test(
        "the language is the one that is wanted most",
        arguments: [
            ("", Language.english), ("zh", .chinese), ("zh-TW,zh;q=0.9,en;q=0.8", .chinese), ("en-GB,zh;q=0.9", .english), ("de,fr;q=0.5", .english),
            ("de, zh;q=0.1", .chinese), ("en;q=0.2, zh-Hans-CN;q=0.7", .chinese), ("zh;q=0, *;q=0.1", .english), (";;;,,q=", .english),
        ])
    func languages(header: String, language: Language) { #expect(Language.wanted(header) == language) }

    @Test(
        "from any address the waiting page finds its way",
        arguments: [
            ("/", 200, "./-/"), ("/?x=/y/z", 200, "./-/"), ("/a", 503, "./-/"), ("/a/", 503, "../-/"), ("/a/b/c", 503, "../../-/"), ("", 503, "./-/"),
            ("//evil.example/x", 503, "../../-/"), ("/a/b?c=/d/e", 503, "../-/"),
        ])
    func way(path: String, status: Int, root: String) {
        let page = WaitingPage(.booting, language: .english, now: .now, path: path, hasApp: true).answer
        #expect(page.status == status && page.body.contains("href=\"\(root)\""), "\(page.body)")
        #expect(page.headers.contains { $0.name == "Retry-After" } == (status == 503))
        let sent = WaitingPage(.booting, language: .english, now: .now, method: "POST", path: path, hasApp: true).answer
        #expect(sent.status == 503 && sent.headers.contains { $0.name == "Retry-After" }, "what was sent is to be sent again")
    }

    @Test("the way back to the first page is relative")
    func ways() {
        #expect(Route.way(from: "") == "./" && Route.way(from: "backups") == "./" && Route.way(from: "jobs/a/b") == "../../")
    }

    @Test(
        "an address means one page, or none",
        arguments: [
            ("", Route.overview), ("jobs/a", .job("a")), ("jobs/%E5%A4%87%E4%BB%BD", .job("备份")), ("runs/12", .run(12)), ("runs/0", nil), ("runs/-1", nil),
            ("runs/99999999999999999999", nil), ("jobs/..", nil), ("jobs/%2e%2e", nil), ("jobs/a%2fb", nil), ("jobs/a%00", nil), ("jobs/a%0d%0aX: y", nil),
            ("..", nil),
            ("assets/../healthz", nil), ("jobs/", .job("")), ("jobs//a", nil), ("%ff", nil), ("jobs/a/start", nil), ("healthz/", nil), ("HEALTHZ", nil),
        ])
    func routes(path: String, route: Route?) { #expect(Route(path[...], isPost: false) == route) }

    @Test("each page's address leads back to it")
    func addresses() {
        for route in [Route.overview, .backups, .restoring, .job("备 份/x".replacing("/", with: "-")), .run(7), .metrics, .live, .style] {
            #expect(Route(route.path[...], isPost: false) == route)
        }
        for change in Route.Change.allCases { #expect(Route(Route.change(change, job: "a b").path[...], isPost: true) == .change(change, job: "a b")) }
    }

    @Test("forms are read as browsers write them")
    func forms() {
        #expect(FormText.read("a=1+2&b=%E5%A4%87&c&a=3&=x&%zz=%zz") == ["a": "1 2", "b": "备", "c": "", "": "x", "%zz": "%zz"])
        #expect(FormText.read("") == [:] && FormText.read("&&&") == [:])
    }

    @Test(
        "monitors are known by what they send as User-Agent",
        arguments: [
            ("Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", "UptimeRobot"), ("Uptime-Kuma/2.0.1", "Uptime Kuma"),
            ("Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)", "Pingdom"), ("Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0", nil), ("", nil),
        ] as [(String, String?)])
    func monitors(agent: String, name: String?) {
        #expect(Monitors.name(agent) == name)
    }

    @Test("the newest visit of each program from outside is kept")
    func visits() {
        var last = LastVisits()
        func visit(_ agent: String, _ client: String = "203.0.113.9", at second: Double = 0, isOwn: Bool = false) {
            last.add(Visit(at: Date(timeIntervalSince1970: second), client: client, method: "GET", path: "/", status: 200, agent: agent), isOwn: isOwn)
        }
        visit("own", "127.0.0.1")
        visit("own", "::1")
        visit("own", "127.0.0.1", isOwn: true)
        #expect(last.visits.isEmpty && last.lastOwn == nil)
        visit("own", at: 7, isOwn: true)
        #expect(last.visits.isEmpty && last.lastOwn == Date(timeIntervalSince1970: 7))
        for second in 0..<9 { visit("bot", at: Double(second)) }
        visit("browser", at: 10)
        #expect(last.visits.map(\.agent) == ["browser", "bot"] && last.visits[1].at == Date(timeIntervalSince1970: 8))
        for number in 0..<100 { visit(String(repeating: "\(number)", count: 500), at: 20) }
        #expect(last.visits.count == 5 && last.visits.allSatisfy { $0.agent.count <= 200 })
    }
}
