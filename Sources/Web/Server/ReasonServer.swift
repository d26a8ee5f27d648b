import Control
import Hummingbird
import JobKit
package import Logging

/// Answers at the public port where there is no nginx to do it: every address says why the app is not there. Of the page nothing else is served, for nothing here
/// waits for slow clients or says who they are.
package struct ReasonServer: Sendable {
    private static let bounds = HTTPServer.Bounds(connections: 64, idle: .seconds(15), headerBytes: 16 << 10)

    private let page: ReasonPage
    private let frameAncestors: [String]
    private let server: @Sendable (any HTTPResponder<BasicRequestContext>) -> HTTPServer

    /// - Parameters:
    ///   - host: The address of this machine at which it is reached.
    ///   - reason: A clause.
    ///   - hint: What to do about it.
    ///   - frameAncestors: As the header `Content-Security-Policy` has them; empty for none but this site.
    package init(port: Int, host: String, reason: String, hint: String, frameAncestors: [String], logger: Logger) {
        page = ReasonPage(reason: reason, hint: hint)
        self.frameAncestors = frameAncestors
        server = { responder in
            HTTPServer(port: port, host: host, bounds: ReasonServer.bounds, responder: responder, requests: OpenRequests(), logger: logger)
        }
    }

    /// Serves until cancelled.
    /// - Throws: Where the port is taken, or may not be used.
    package func run() async throws {
        let (page, frameAncestors) = (page, frameAncestors)
        let responder = CallbackResponder { (request: Request, _: BasicRequestContext) in
            let asked = WebRequest(request)
            return Response(page.answer(asked), asked, frameAncestors: frameAncestors) { $0.body }
        }
        try await server(responder).run {}
    }
}

/// Why the app is not at its port. A value.
struct ReasonPage: Sendable {
    let reason: String
    let hint: String

    func answer(_ request: WebRequest) -> WebAnswer {
        guard request.method != .other else { return .line(405, "use GET, HEAD or POST").with("Allow", "GET, HEAD, POST") }
        if request.path == Route.root + Route.health.path { return .line(200, "ok") }
        let language = Language(request)
        let sentence = language == .english ? "The app is not reached here." : "此端口暂时无法访问应用。"
        let values = ["lang": language.rawValue, "style": WaitingPage.style, "sentence": sentence, "advice": "\(reason): \(hint)"]
        // Platforms take `/` for a sign of life, and whoever put the app there sees the reason.
        let answer = WebAnswer(request.path == "/" ? 200 : 503, .html, Templates.render(.waiting, values))
        return answer.status == 200 ? answer : answer.with("Retry-After", "60")
    }
}
