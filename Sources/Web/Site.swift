package import Control
import Foundation
import JobKit
import Scheduler
package import Settings
import Synchronization

/// What a configuration says of the page. A reload may change it.
package struct SiteSettings: Sendable {
    /// The service behind the public port.
    package var app: String?
    /// Opens the page; nil where nobody can log in.
    package var token: Secret?
    /// As the header `Content-Security-Policy` has them; empty for this site alone.
    package var frameAncestors: [String]
    /// What is wrong with the configuration on the disk, which is not in force.
    package var mistakes: [ProblemAnswer]
    /// How many of them are errors.
    var errors: Int { mistakes.count { $0.severity == .error } }

    /// Whether nothing is in force because of them, but the port.
    package var isHeld: Bool

    package init(app: String? = nil, token: Secret? = nil, frameAncestors: [String] = [], mistakes: [ProblemAnswer] = [], isHeld: Bool = false) {
        self.app = app
        self.token = token
        self.frameAncestors = frameAncestors
        self.mistakes = mistakes
        self.isHeld = isHeld
    }
}

/// The page, and what belongs to it: a request in, an answer out.
package final class Site: Sendable {
    /// What the site is given to work with.
    package struct Ports: Sendable {
        package var operations: Operations
        /// Those in force.
        package var settings: @Sendable () -> SiteSettings
        /// Takes secrets out of a text.
        package var redacted: @Sendable (String) -> String
        /// The newest from outside.
        package var visits: @Sendable () -> LastVisits
        /// What is in the repositories.
        package var backups: @Sendable () async -> [RepositoryBackups]

        package init(
            operations: Operations, settings: @escaping @Sendable () -> SiteSettings, redacted: @escaping @Sendable (String) -> String = { $0 },
            visits: @escaping @Sendable () -> LastVisits = { LastVisits() }, backups: @escaping @Sendable () async -> [RepositoryBackups] = { [] }
        ) {
            self.operations = operations
            self.settings = settings
            self.redacted = redacted
            self.visits = visits
            self.backups = backups
        }
    }

    /// Who asks, as it is recorded with a run.
    static let caller = Caller.page

    let ports: Ports
    let access: Access
    let tally = Mutex(RunTally())
    let lastRuns = Mutex(LastRuns())
    /// How many wait for news.
    let waiters = Mutex(0)

    var operations: Operations { ports.operations }
    var settings: SiteSettings { ports.settings() }

    package init(_ ports: Ports) {
        self.ports = ports
        access = Access(clock: ports.operations.clock)
    }

    /// The answer to a request. Never fails, and does not block.
    package func answer(_ request: WebRequest) async -> WebAnswer {
        guard request.path.hasPrefix(Route.root) else { return .line(404, "there is no such page") }
        let path = request.path.dropFirst(Route.root.count)
        guard request.method != .other else { return .line(405, "use GET, HEAD or POST").with("Allow", "GET, HEAD, POST") }
        guard let route = Route(path, isPost: request.method == .post) else {
            let isOther = Route(path, isPost: request.method != .post) != nil
            return isOther
                ? .line(405, "this address takes another method").with("Allow", request.method == .post ? "GET, HEAD" : "POST")
                : .line(404, "there is no such page")
        }
        if let answer = await open(route, request) { return answer }

        let (token, language) = (settings.token, Language(request))
        let reader = access.reader(of: request, token: token)
        var mark: String?
        if case .login(let cookie) = reader, let token { mark = AccessKeys(token).mark(of: cookie) }
        let context = PageContext(
            route: route, path: path, query: request.query, language: language, reader: reader, mark: mark, now: operations.clock.now,
            isInFrame: request.isInFrame)
        if case .refused(let wait) = reader { return refusal(wait) }
        if request.method == .post { return await change(route, request, context) }
        guard reader.mayRead else { return route.isPage ? loginForm(request, context) : stranger() }
        do throws(OperationError) { return try await read(route, request, context) } catch {
            return message(error.status, error.message, context)
        }
    }

    /// What everyone may have.
    private func open(_ route: Route, _ request: WebRequest) async -> WebAnswer? {
        switch route {
        case .health: .line(200, "ok")
        case .readiness: await readiness()
        case .waiting: await waiting(request)
        case .style: WebAnswer(200, .css, PageStyle.text, isLasting: true)
        case .script: WebAnswer(200, .script, PageScript.text, isLasting: true)
        case .icon: WebAnswer(200, .svg, Assets.icon, isLasting: true)
        case .manifest: WebAnswer(200, .manifest, Assets.manifest(name: settings.app ?? "shipkeeper"))
        case .language: choose(request)
        case .overview, .backups, .restoring, .login, .logout, .job, .run, .action, .runAction, .change, .pauseAll, .resumeAll,
            .restore, .metrics, .live:
            nil
        }
    }

    private func read(_ route: Route, _ request: WebRequest, _ context: PageContext) async throws(OperationError) -> WebAnswer {
        switch route {
        case .overview: try await overview(context)
        case .job(let name): try await job(name, context)
        case .run(let id): try await run(id, context)
        case .action(let name): try await action(name, context)
        case .backups: page(.backups, context, BackupsPage(context: context, repositories: await ports.backups()).values)
        case .restoring: try await restoring(context)
        case .metrics: await metrics()
        case .live: await live(context)
        case .health, .readiness, .waiting, .style, .script, .icon, .manifest, .language, .login, .logout, .change, .pauseAll, .resumeAll, .restore,
            .runAction:
            .line(404, "there is no such page")
        }
    }

    private func readiness() async -> WebAnswer {
        switch Readiness(try? await operations.status(), await restoreState(), isHeld: settings.isHeld) {
        case .ready: .line(200, "ready")
        case .not(let reasons): .line(503, reasons.joined(separator: "\n")).with("Retry-After", "5")
        }
    }

    /// The restore in place; nil where the state is not known yet.
    func restoreState() async -> RestoreAnswer? {
        try? await RestoreProgressOperation.run(NoParameters(), on: operations, via: Site.caller)
    }

    private func waiting(_ request: WebRequest) async -> WebAnswer {
        let settings = settings
        let situation = Situation(try? await operations.status(), await restoreState(), settings)
        let (method, path) = (request.headers["shipkeeper-method"] ?? "GET", request.headers["shipkeeper-path"] ?? "/")
        return WaitingPage(
            situation, language: Language(request), now: operations.clock.now, method: method, path: path, hasApp: settings.app != nil || settings.isHeld
        ).answer
    }

    /// Keeps a reader's language, and goes back to where it was chosen.
    private func choose(_ request: WebRequest) -> WebAnswer {
        guard let language = request.query["to"].flatMap(Language.init) else { return .line(400, "there is no such language") }
        let back = request.query["back"].flatMap { Route($0[...], isPost: false) } ?? .overview
        let place = request.isInFrame ? "SameSite=None; Secure; Partitioned" : "SameSite=Lax"
        return .see("./" + (back.isPage ? back.path : "")).with("Set-Cookie", "\(Language.cookie)=\(language.rawValue); Max-Age=31536000; \(place)")
    }

    /// The form in place of a page. A browser takes 401 for a failure of the page, and reports it; the form is none.
    func loginForm(_ request: WebRequest, _ context: PageContext, problem: Word? = nil) -> WebAnswer {
        var values = context.common
        values["problem"] = problem.map(context.text)
        return page(.login, context, values, status: request.isNavigation ? 200 : 401)
    }

    private func stranger() -> WebAnswer {
        .line(401, "send the token of \"control\" in the configuration: Authorization: Bearer TOKEN").with("WWW-Authenticate", "Bearer realm=\"shipkeeper\"")
    }

    func refusal(_ wait: Duration) -> WebAnswer {
        let seconds = max(1, wait.components.seconds)
        return .line(429, "too many wrong tokens from this address; try again in \(seconds) s").with("Retry-After", "\(seconds)")
    }

    // MARK: Pages

    /// A page in its frame.
    /// - Parameters:
    ///   - live: The position of the feed at which it was made; nil for a page that stays as it is.
    ///   - refresh: How often a browser without scripts loads it again by itself; nil for never.
    func page(
        _ name: Templates.Name, _ context: PageContext, _ values: Values, status: Int = 200, live: Int64? = nil, run: Int64? = nil, refresh: Duration? = nil
    ) -> WebAnswer {
        let settings = settings
        var frame = context.common
        let app = settings.app ?? "shipkeeper"
        frame["main"] = Templates.render(name, values)
        frame["name"] = app
        frame["title"] = [values["name"] as? String, app].compactMap(\.self).joined(separator: " · ")
        frame["assets"] = Assets.version
        frame["otherLang"] = context.language.other.rawValue
        frame["version"] = operations.version
        frame["up"] = context.reader.mayRead ? context.length(context.now.since(operations.startedAt)) : nil
        if case .anyone = context.reader { frame["isOpen"] = true }
        frame["live"] = live.map { "\($0)" }
        frame["refresh"] = refresh.map { "\($0.components.seconds)" }
        frame["liveRun"] = run.map { "\($0)" } ?? ""
        return WebAnswer(status, .html, Templates.render(.frame, frame))
    }

    /// A page with a sentence.
    func message(_ status: Int, _ title: String, _ context: PageContext, text: String? = nil, back: Route = .overview) -> WebAnswer {
        var values = context.common
        values["title"] = title
        values["text"] = text
        values["back"] = context.address(back)
        return page(.message, context, values, status: status)
    }

    /// The text as it may leave the program: the last of several places that take secrets out.
    func hidden(_ answer: WebAnswer) -> String {
        let text = ports.redacted(answer.body)
        guard answer.kind == .html, text != answer.body else { return text }
        // The mask looks like a tag, and everything else that does was escaped.
        return text.replacing("<secret>", with: "&lt;secret&gt;")
    }
}
