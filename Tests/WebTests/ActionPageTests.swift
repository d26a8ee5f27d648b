import Control
import Foundation
import JobKit
import Scheduler
import TestSupport
import Testing

@testable import Web

/// An action that says what it was given.
private actor EchoAction: ActionRunning {
    private var run: ActionAnswer.Run?

    private func answer(_ run: ActionAnswer.Run? = nil) -> ActionAnswer {
        ActionAnswer(name: "approve", label: "Approve <a> device", argument: "Request id", state: .idle, run: run)
    }

    func actions() -> [ActionAnswer] { [answer()] }
    func action(_ name: String) -> ActionAnswer? { name == "approve" ? answer(run) : nil }
    func run(_ name: String, argument: String?, via caller: String, wait: Duration?) throws(JobError) -> ActionAnswer {
        var run = ActionAnswer.Run(startedAt: Date(timeIntervalSince1970: 1_790_000_000), via: caller, argument: argument)
        (run.outcome, run.message, run.finishedAt) = (.succeeded, "exited with code 0", run.startedAt)
        run.output = "<script>alert(1)</script> \u{1b}[32mlet in\u{1b}[0m \(argument ?? "")\n"
        self.run = run
        return answer(run)
    }
}

@Suite("the page of an action", .waiting, .serialized)
struct ActionPageTests {
    @Test("who has logged in runs it by a button and reads what it has printed", .limited)
    func button() async throws {
        let web = WebBench([], actions: EchoAction())
        try await web.run {
            let (cookie, mark) = try web.logIn()
            let overview = try web.ask("/-/", "-b '\(cookie)'").body
            #expect(overview.contains("action=\"./actions/approve/run\"") && overview.contains("Approve &lt;a&gt; device") && overview.contains("Request id"))
            #expect(try web.ask("/-/actions/approve", "-b '\(cookie)'").body.contains("It has not been run yet."))
            let done = try web.ask("/-/actions/approve/run", "-b '\(cookie)' --data-urlencode 'mark=\(mark)' --data-urlencode 'argument= req-7 '")
            #expect(done.status == 303 && done.header("location") == "../../actions/approve", "\(done)")
            let page = try web.ask("/-/actions/approve", "-b '\(cookie)'").body
            #expect(page.contains("<span class=\"f2\">let in</span> req-7") && page.contains("&lt;script&gt;") && !page.contains("<script>"), "\(page)")
            let live = try #require(page.firstMatch(of: /data-live="(\d+)"/)?.1, "it follows the events")
            let waiting = Task.detached { try web.ask("/-/live?after=\(live)", "-b '\(cookie)'").body }
            web.bench.scheduler.publish("action approve: started by page", topic: "action")
            #expect(try await waiting.value != "\(live)\n")
            #expect(!page.contains("http-equiv=\"refresh\""))
            let wrong = try web.ask("/-/actions/approve/run", "-b '\(cookie)' --data-urlencode 'mark=\(mark)' --data-urlencode 'argument=--force'")
            #expect(wrong.status == 400)
            #expect(try web.ask("/-/actions/nobody", "-b '\(cookie)'").status == 404)
            #expect(try web.ask("/-/actions/approve/run", "-b '\(cookie)'").status == 405)
            #expect(try web.ask("/-/actions/approve/run", "-b '\(cookie)' -d argument=x").status == 403, "without the mark")
        }
    }

    @Test("without a token there is neither button nor output", .limited)
    func strangers() async throws {
        let open = WebBench([], token: nil, actions: EchoAction())
        try await open.run {
            let overview = try open.ask("/-/").body
            #expect(!overview.contains("actions/approve"))
            #expect(try open.ask("/-/actions/approve").status == 403)
            #expect(try open.ask("/-/actions/approve/run", "-d argument=x").status == 403)
        }
        let closed = WebBench([], actions: EchoAction())
        try await closed.run {
            let (page, form) = (try closed.ask("/-/actions/approve"), try closed.ask("/-/actions/approve/run", "-d argument=x"))
            #expect(page.status == 401 && form.status == 401)
        }
    }
}
