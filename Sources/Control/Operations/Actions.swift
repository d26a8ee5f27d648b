package import JobKit
import Settings

/// Carries out the commands that the configuration declares.
package protocol ActionRunning: Sendable {
    /// In the configuration's order, without what they have printed.
    func actions() async -> [ActionAnswer]
    /// One of them with its newest run; nil where there is none of that name.
    func action(_ name: String) async -> ActionAnswer?
    /// Begins a run, and waits for its end.
    /// - Parameters:
    ///   - argument: One word, where the action asks for one.
    ///   - wait: The longest wait; nil until it has ended.
    /// - Throws: Why it can't be run now.
    func run(_ name: String, argument: String?, via origin: String, wait: Duration?) async throws(JobError) -> ActionAnswer
}

/// There are none.
package struct NoActions: ActionRunning {
    package init() {}

    package func actions() async -> [ActionAnswer] { [] }
    package func action(_ name: String) async -> ActionAnswer? { nil }
    package func run(_ name: String, argument: String?, via origin: String, wait: Duration?) async throws(JobError) -> ActionAnswer {
        throw JobError("there are no actions")
    }
}

package enum ActionsOperation: ControlOperation {
    package static let name = "actions"
    package static let path = "actions"
    package static let summary = "List the actions: commands that the configuration declares for its app."
    package static let effect = OperationEffect.reads
    package static let disclosure = OperationDisclosure.state

    package static func run(_ request: NoParameters, on program: Operations, via caller: Caller) async throws(OperationError) -> ActionsAnswer {
        ActionsAnswer(actions: await program.actions.actions())
    }
}

package enum ActionOperation: ControlOperation {
    package struct Request: OperationRequest {
        package static let notes = ["action": ParameterNote("The action's name")]

        package var action: String

        package init(action: String) { self.action = action }
    }

    package static let name = "action"
    package static let path = "actions/{action}"
    package static let summary = "Show an action with its last run and what that has printed."
    package static let effect = OperationEffect.reads

    package static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> ActionAnswer {
        try await program.action(request.action)
    }
}

package enum RunActionOperation: ControlOperation {
    package struct Request: OperationRequest {
        package static let notes = [
            "action": ParameterNote("The action's name"),
            "argument": ParameterNote("What the action asks for: a word of ASCII letters, digits and ._:@/+=-, which begins with a letter or a digit", .word),
            "wait": ParameterNote("The most seconds to wait for its end; until its end where it is missing", .range(0...600)),
        ]

        package var action: String
        package var argument: String?
        package var wait: Int64?

        package init(action: String, argument: String? = nil, wait: Int64? = nil) {
            self.action = action
            self.argument = argument
            self.wait = wait
        }
    }

    package static let name = "run-action"
    package static let path = "actions/{action}/run"
    package static let summary = "Run an action, and show its exit code and what it has printed."
    package static let effect = OperationEffect.changes

    package static func run(_ request: Request, on program: Operations, via caller: Caller) async throws(OperationError) -> ActionAnswer {
        let action = try await program.action(request.action)
        switch (action.argument, request.argument) {
        case (let label?, nil):
            let hint = "add it: shipkeeper action \(action.name) VALUE, or \"argument\" over HTTP"
            throw .refused(JobError("\"\(action.name)\" needs an argument: \(label)", hint: hint))
        case (nil, _?): throw .refused(JobError("\"\(action.name)\" takes no argument"))
        case (nil, nil), (_?, _?): break
        }
        do throws(JobError) {
            return try await program.actions.run(
                action.name, argument: request.argument, via: caller.rawValue, wait: request.wait.map { .seconds($0) })
        } catch {
            throw .refused(error)
        }
    }
}

extension Operations {
    fileprivate func action(_ name: String) async throws(OperationError) -> ActionAnswer {
        if let found = await actions.action(name) { return found }
        throw .noSuchAction(name, nearest: NearestWord.find(name, in: await actions.actions().map(\.name)))
    }
}
