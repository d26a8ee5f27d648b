import Control
import Foundation
import JobKit
import Scheduler
import TestSupport
import Testing

@testable import Web

/// How things are as a whole.
@Suite("situation")
struct SituationTests {
    /// A status as the program sends it.
    private func status(_ jobs: String, more: String = "") throws -> StatusAnswer {
        let text = """
            {"version":"1","at":"2026-11-27T10:00:00.000Z","started_at":"2026-11-27T09:00:00.000Z","restarts":0,"is_stopping":false,"configuration":"c",
            "jobs":[\(jobs)],"position":1,"space":[],"attention":[]\(more)}
            """
        return try ControlJSON.decode(StatusAnswer.self, from: Array(text.utf8))
    }

    private func service(_ state: String, name: String = "app") -> String {
        #"{"name":"\#(name)","type":"service","is_service":true,"state":"\#(state)","triggers":[]}"#
    }

    private func restore(_ state: String) -> String { #"{"name":"restore","type":"restore","is_service":false,"state":"\#(state)","triggers":[]}"# }

    @Test(
        "each state of the app has its sentence",
        arguments: [
            ("ready", Situation.well), ("starting", .appStarts(app: "app", since: nil)), ("waiting", .appWaits(app: "app")),
            ("unready", .appUnready(app: "app")), ("backing off", .appEnded(app: "app")), ("given up", .appGivenUp(app: "app")),
            ("stopped", .appStopped(app: "app")), ("disabled", .appDisabled(app: "app")),
        ])
    func states(state: String, situation: Situation) throws {
        #expect(Situation(try status(service(state)), nil, SiteSettings(app: "app")) == situation)
    }

    @Test(
        "an app that waits is held by a restore",
        arguments: [
            ("running", Situation.restoring(percent: nil)), ("failed", .restoreFailed(job: "restore", nextAt: nil)),
            ("waiting to try again", .restoreFailed(job: "restore", nextAt: nil)), ("ok", .appWaits(app: "app")),
        ])
    func held(state: String, situation: Situation) throws {
        #expect(Situation(try status(service("waiting") + "," + restore(state)), nil, SiteSettings(app: "app")) == situation)
    }

    @Test("what concerns all comes before the app, and what needs attention after it")
    func order() throws {
        #expect(Situation(nil, nil, SiteSettings(app: "app")) == .booting)
        let held = SiteSettings(mistakes: [ProblemAnswer("a")], isHeld: true)
        #expect(Situation(try status(service("ready", name: "front")), nil, held) == .held(1))
        #expect(Readiness(try status(service("ready", name: "front")), nil, isHeld: true) == .not(["the configuration has mistakes"]))
        let problem = #"{"job":"backup","message":"failed"}"#
        #expect(Situation(try status(service("disabled"), more: #","is_safe_mode":true"#), nil, SiteSettings(app: "app")) == .safeMode)
        #expect(
            Situation(
                try status(service("ready")), nil,
                SiteSettings(app: "app", mistakes: [ProblemAnswer("a"), ProblemAnswer("b"), ProblemAnswer("c", severity: .warning)])) == .mistakes(2))
        let troubled = try status(service("ready")).with(problem)
        #expect(Situation(troubled, nil, SiteSettings(app: "app")) == .attention(1))
        #expect(Situation(try status(service("given up")).with(problem), nil, SiteSettings(app: "app")) == .appGivenUp(app: "app"))
        let pause = #","pause":{"since":"2026-11-27T09:00:00.000Z","via":"page"}"#
        #expect(Situation(try status(service("ready"), more: pause).with(problem), nil, SiteSettings(app: "app")) == .paused(until: nil))
        // A port without an app is only as well as all the rest.
        #expect(Situation(try status(service("given up")), nil, SiteSettings()) == .well)
    }

    @Test("ready is who does what it should")
    func readiness() throws {
        #expect(Readiness(nil, nil) == .not(["the program is starting"]))
        #expect(Readiness(try status(service("ready")), nil) == .ready)
        #expect(Readiness(try status(service("stopped") + "," + service("disabled", name: "off")), nil) == .ready)
        #expect(Readiness(try status(service("unready") + "," + service("given up", name: "db")), nil) == .not(["app is unready", "db was given up"]))
        let lacking = try status(service("disabled")).with(#"{"job":"app","message":"disabled: the secret X is not set"}"#)
        #expect(Readiness(lacking, nil) == .not(["app is disabled"]))
        #expect(Readiness(try status("", more: #","is_safe_mode":true"#), nil) == .not(["this is safe mode"]))
    }

    @Test("every situation has its words in both languages, for the owner and for visitors", arguments: Language.allCases)
    func words(language: Language) {
        let now = Date(timeIntervalSince1970: 1_790_000_000)
        let all: [Situation] = [
            .booting, .stopping, .safeMode, .restoring(percent: 40), .restoring(percent: nil), .restoreFailed(job: "r", nextAt: nil),
            .restoreFailed(job: "r", nextAt: now), .appWaits(app: "a"), .appStarts(app: "a", since: now), .appStarts(app: "a", since: nil),
            .appUnready(app: "a"), .appEnded(app: "a"), .appGivenUp(app: "a"), .appStopped(app: "a"), .appDisabled(app: "a"), .mistakes(1), .held(2),
            .attention(2),
            .paused(until: nil), .paused(until: now), .well,
        ]
        for situation in all {
            let words = SituationWords(situation, language, now: now)
            #expect(!words.sentence.isEmpty && words.advice != "" && words.publicAdvice != "")
            #expect((words.sentence.unicodeScalars.contains { $0.value > 0x2e80 }) == (language == .chinese), "\(words.sentence)")
        }
        #expect(Set(all.map { SituationWords($0, language, now: now).sentence }).count >= all.count - 1)
    }
}

extension StatusAnswer {
    /// The same with something that needs attention, as JSON.
    fileprivate func with(_ attention: String) throws -> StatusAnswer {
        var status = self
        status.attention = [try ControlJSON.decode(StatusAnswer.Attention.self, from: Array(attention.utf8))]
        return status
    }
}
