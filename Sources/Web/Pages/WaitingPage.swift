import Control
import Foundation

/// What a visitor sees in place of an app that is not ready. Public: it names no error and no data. A value.
struct WaitingPage {
    /// In seconds.
    private static let reloadsAfter = 3
    /// Of an address; what is deeper is nobody's page.
    private static let deepest = 100

    static let style = """
        :root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--link:#0b57d0}
        @media(prefers-color-scheme:dark){:root{--ink:#e6e8eb;--paper:#14171a;--link:#8ab4f8}}
        body{font:1.125rem/1.6 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:34rem;margin:18vh auto 0;padding:0 1.25rem}
        h1{font-size:1.5rem;line-height:1.3;margin:0 0 .75rem}
        a{color:var(--link)}
        progress{width:100%;height:.75rem}

        """

    private let situation: Situation
    private let language: Language
    private let now: Date
    private let method: String
    private let path: Substring
    private let hasApp: Bool

    /// - Parameters:
    ///   - method: That the visitor has used.
    ///   - path: That the visitor has asked for, with its query.
    init(_ situation: Situation, language: Language, now: Date, method: String = "GET", path: String, hasApp: Bool) {
        self.situation = situation
        self.language = language
        self.now = now
        self.method = method
        self.path = path.prefix { $0 != "?" && $0 != "#" }
        self.hasApp = hasApp
    }

    var answer: WebAnswer {
        let answer = WebAnswer(status, .html, Templates.render(.waiting, values))
        return status == 503 ? answer.with("Retry-After", "\(WaitingPage.reloadsAfter)") : answer
    }

    /// Platforms take `/` for a sign of life; other paths are not there yet, and nobody should keep what they answer. Who sends something has to
    /// send it again.
    private var status: Int { path == "/" && ["GET", "HEAD"].contains(method) ? 200 : hasApp ? 503 : 404 }

    /// The way from the address that the visitor sees to our own pages, in front of whatever prefix a proxy has taken off.
    private var root: String {
        let depth = min(WaitingPage.deepest, path.count { $0 == "/" } - 1)
        return (depth <= 0 ? "./" : String(repeating: "../", count: depth)) + "-/"
    }

    private var values: [String: Any] {
        let words = SituationWords(situation, language, now: now)
        var values: [String: Any] = [
            "lang": language.rawValue, "style": WaitingPage.style, "sentence": words.sentence, "root": root,
            "link": Word.statusPage.text(in: language), "reload": Word.reloads.text(in: language),
        ]
        if hasApp { values["seconds"] = WaitingPage.reloadsAfter }
        values["advice"] = words.publicAdvice
        if case .restoring(let percent?) = situation { values["percent"] = percent }
        return values
    }
}
