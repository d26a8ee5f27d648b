import JobKit
import TestSupport
import Testing

@testable import Control

/// One action that takes a word, and notes what it was run with.
private actor OneAction: ActionRunning {
    private let argument: String?
    private(set) var asked: [String] = []

    init(argument: String?) { self.argument = argument }

    private var answer: ActionAnswer { ActionAnswer(name: "approve", label: "Approve", argument: argument, state: .idle) }

    func actions() -> [ActionAnswer] { [answer] }
    func action(_ name: String) -> ActionAnswer? { name == "approve" ? answer : nil }
    func run(_ name: String, argument: String?, via caller: String, wait: Duration?) throws(JobError) -> ActionAnswer {
        asked.append("\(name) \(argument ?? "-") \(caller) \(wait.map { "\($0)" } ?? "-")")
        return answer
    }
}

@Suite("operations of actions")
struct ActionOperationsTests {
    private func answer(
        _ method: String, _ address: String, _ action: OneAction, as caller: Caller = .commandLine, access: AssistantAccess = .read
    ) async -> (status: Int, text: String) {
        var operations = SchedulerBench([]).operations()
        operations.actions = action
        operations.assistantAccess = { access }
        let response = await ControlRouter(operations).respond(to: ControlRequest(method, "/-/" + address, caller: caller))
        guard case .bytes(let bytes) = response.body else { return (response.status, "a stream") }
        return (response.status, String(decoding: bytes, as: UTF8.self))
    }

    @Test("an argument is there where one is asked for, and is no option, no second word and no line")
    func arguments() async {
        let action = OneAction(argument: "Request id")
        #expect(await answer("POST", "actions/approve/run?argument=4f-1.x:y@z/a&wait=5", action).status == 200)
        #expect(await action.asked == ["approve 4f-1.x:y@z/a command line 5.0 seconds"])
        for wrong in ["--force", "a%20b", "a%0Ab", "", "%00", "a;b", "$(id)", "%C3%A9", String(repeating: "a", count: 201)] {
            let got = await answer("POST", "actions/approve/run?argument=\(wrong)", action)
            #expect(got.status == 400 && got.text.contains("\\\"argument\\\" must be a word"), "\(wrong): \(got)")
        }
        let missing = await answer("POST", "actions/approve/run", action)
        #expect(missing.status == 409 && missing.text.contains("needs an argument: Request id"), "\(missing)")
        #expect(await action.asked.count == 1)
        let none = OneAction(argument: nil)
        #expect(await answer("POST", "actions/approve/run?argument=x", none).status == 409)
        #expect(await answer("POST", "actions/approve/run", none).status == 200)
    }

    @Test("an unknown name is a 404 with the nearest one, and the list and one action can be read")
    func names() async {
        let action = OneAction(argument: nil)
        let unknown = await answer("POST", "actions/aprove/run", action)
        #expect(unknown.status == 404 && unknown.text.contains("did you mean \\\"approve\\\"?") && unknown.text.contains("no_such_action"), "\(unknown)")
        #expect(await answer("GET", "actions/nobody", action).status == 404)
        #expect(await answer("GET", "actions", action).text == "{\"actions\":[{\"label\":\"Approve\",\"name\":\"approve\",\"state\":\"idle\"}]}\n")
        #expect(await answer("GET", "actions/approve/run", action).status == 405)
        #expect(await answer("GET", "actions", OneAction(argument: nil)).status == 200)
    }

    @Test("an assistant runs one only where it may write")
    func assistants() async {
        let action = OneAction(argument: nil)
        #expect(await answer("POST", "actions/approve/run", action, as: .assistant).status == 403)
        #expect(await answer("GET", "actions", action, as: .assistant).status == 200)
        #expect(await action.asked.isEmpty)
        #expect(await answer("POST", "actions/approve/run", action, as: .assistant, access: .write).status == 200)
        #expect(await action.asked == ["approve - mcp -"])
    }
}
