import Control
import JobKit
import Settings

extension Site {
    /// Where programs ask: the operations in JSON, as on the control socket. The pages have all other addresses below `/-/`.
    static let operationsRoot = Route.root + "api/"

    static func isForPrograms(_ request: WebRequest) -> Bool { request.path.hasPrefix(operationsRoot) }

    /// The answer to a request of a program, or of a script of the page.
    /// - Parameters:
    ///   - method: In capitals.
    ///   - bodyLength: The number of bytes of a body; nil where there is one of unknown length.
    func operation(_ request: WebRequest, _ method: String, bodyLength: Int64?) async -> ControlResponse {
        let router = ControlRouter(operations, root: Site.operationsRoot)
        var response: ControlResponse
        do throws(OperationError) {
            let asked = ControlRequest(
                method, request.address, caller: try caller(of: request), bodyLength: bodyLength, lastEventID: request.headers["last-event-id"])
            response = await router.respond(to: asked)
        } catch {
            response = router.refuse(error)
        }
        response.headers += SecurityHeaders.ofData
        // The last of several places that take secrets out; streams have passed another one.
        if case .bytes(let bytes) = response.body { response.body = .bytes(Array(ports.redacted(String(decoding: bytes, as: UTF8.self)).utf8)) }
        return response
    }

    private func caller(of request: WebRequest) throws(OperationError) -> Caller {
        let token = settings.token
        let reader = access.reader(of: request, token: token)
        switch reader {
        case .anyone: return .visitor
        case .stranger: throw .wrongToken
        case .refused(let wait): throw .tooManyWrongTokens(seconds: max(1, wait.components.seconds))
        case .token, .login: break
        }
        let isReading = request.method == .get || request.method == .head
        guard isReading || access.mayChange(request, reader, token: token) else { throw .notFromOwnPage }
        return .http
    }
}
