import Control
import Foundation
import JobKit
import Scheduler
import Settings

extension Site {
    /// Carries out what a form asks for.
    func change(_ route: Route, _ request: WebRequest, _ context: PageContext) async -> WebAnswer {
        guard let token = settings.token else { return message(403, context.text(.readOnly), context, text: context.text(.readOnlyHelp)) }
        if route == .login { return logIn(request, context, token) }
        switch context.reader {
        case .login, .token: break
        case .anyone, .stranger, .refused: return loginForm(request, context)
        }
        guard access.mayChange(request, context.reader, token: token) else {
            return .line(403, "this form is from another site, or from a login that has ended; load the page again")
        }
        do throws(OperationError) { return try await carryOut(route, request, context) } catch {
            return message(error.status, error.message, context)
        }
    }

    private func carryOut(_ route: Route, _ request: WebRequest, _ context: PageContext) async throws(OperationError) -> WebAnswer {
        switch route {
        case .logout: .see("./").with("Set-Cookie", Access.header("", lasts: .zero, request))
        case .pauseAll: paused(try await PauseOperation.run(.init(), on: operations, via: Site.caller), .overview, context)
        case .resumeAll: paused(try await ResumeOperation.run(.init(), on: operations, via: Site.caller), .overview, context)
        case .change(let change, let job): try await carryOut(change, job, context)
        case .restore: try await restore(request, context)
        case .runAction(let name): try await runAction(name, request, context)
        case .overview, .backups, .restoring, .login, .job, .run, .action, .language, .health, .readiness, .metrics, .waiting, .live, .manifest, .style,
            .script, .icon:
            .line(404, "there is no such form")
        }
    }

    private func carryOut(_ change: Route.Change, _ job: String, _ context: PageContext) async throws(OperationError) -> WebAnswer {
        // The answer to an unknown name is that of a page.
        _ = try await JobOperation.run(.init(job: job, lines: 0, runs: 1), on: operations, via: Site.caller)
        switch change {
        case .start: return started(try await StartOperation.run(.init(job: job), on: operations, via: Site.caller), job, context)
        case .dryRun: return started(try await StartOperation.run(.init(job: job, dryRun: true), on: operations, via: Site.caller), job, context)
        case .stop: return started(try await StopOperation.run(.init(job: job), on: operations, via: Site.caller), job, context)
        case .restart: return started(try await RestartOperation.run(.init(job: job), on: operations, via: Site.caller), job, context)
        case .pause: return paused(try await PauseOperation.run(.init(job: job), on: operations, via: Site.caller), .job(job), context)
        case .resume: return paused(try await ResumeOperation.run(.init(job: job), on: operations, via: Site.caller), .job(job), context)
        }
    }

    private func started(_ answer: StartAnswer, _ job: String, _ context: PageContext) -> WebAnswer {
        switch answer.result {
        case .started, .joined: .see(context.address(answer.run.map { .run($0) } ?? .job(job)))
        case .stopping, .notRunning: .see(context.address(.job(job)))
        case .refused: message(409, answer.message ?? "\(job): \(answer.result.rawValue)", context, back: .job(job))
        }
    }

    private func paused(_ answer: PauseAnswer, _ route: Route, _ context: PageContext) -> WebAnswer {
        answer.isDone ? .see(context.address(route)) : message(409, answer.message ?? "", context, back: route)
    }

    /// Longer than most take, and not so long that a browser gives up.
    private static let longestAction: Int64 = 20

    /// The page of the action shows what has come of it, or that it is under way.
    private func runAction(_ name: String, _ request: WebRequest, _ context: PageContext) async throws(OperationError) -> WebAnswer {
        let argument = (request.form["argument"] ?? "").trimmingCharacters(in: .whitespaces)
        var parameters = ["action": name, "wait": "\(Site.longestAction)"]
        if !argument.isEmpty { parameters["argument"] = argument }
        _ = try await RunActionOperation.run(parameters: parameters, on: operations, via: Site.caller)
        return .see(context.address(.action(name)))
    }

    /// Only a backup that is listed, with its short id typed in.
    private func restore(_ request: WebRequest, _ context: PageContext) async throws(OperationError) -> WebAnswer {
        let (id, typed) = (request.form["at"] ?? "", (request.form["confirm"] ?? "").trimmingCharacters(in: .whitespaces))
        let repository = await ports.backups().first { $0.repository == request.form["repository"] }
        guard let repository, let backup = repository.backups.first(where: { $0.id == id }), typed == backup.short else {
            let text =
                context.language == .english
                ? "Nothing was done: what you typed is not the backup's id." : "未执行任何操作：输入的不是该备份的编号。"
            return message(400, text, context, back: .backups)
        }
        let answer = try await RestoreOperation.run(.init(at: id, repository: repository.repository), on: operations, via: Site.caller)
        if answer.state == .refused { return message(409, answer.lines.last ?? "", context, back: .backups) }
        return .see("./" + Route.restoring.path)
    }

    /// Judges the token of a login form, and gives the cookie.
    private func logIn(_ request: WebRequest, _ context: PageContext, _ token: Secret) -> WebAnswer {
        guard !request.isFromOtherSite else { return .line(403, "this form is from another site") }
        switch access.logIn(request.form["token"] ?? "", request, token: token) {
        case .login(let cookie):
            let target = request.form["to"].flatMap { $0.removingPercentEncoding }.flatMap { Route($0[...], isPost: false) } ?? .overview
            return .see("./" + (target.isPage ? target.path : "")).with("Set-Cookie", Access.header(cookie, lasts: AccessKeys.loginLasts, request))
        case .refused(let wait): return refusal(wait)
        case .stranger, .anyone, .token:
            return loginForm(request, context, problem: .wrongToken)
        }
    }
}
