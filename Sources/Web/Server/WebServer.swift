package import Control
import Foundation
import HTTPTypes
import Hummingbird
import JobKit
package import Logging
import NIOCore

/// The page and what belongs to it, on the Unix socket that nginx asks.
package struct WebServer: Sendable {
    /// The most bytes of a form.
    static let mostBody = 256 << 10
    /// The longest that a form may take to come. nginx has all of it before it asks.
    private static let bodyWithin = Duration.seconds(10)
    private static let bounds = HTTPServer.Bounds(connections: 256, idle: .seconds(90), headerBytes: 64 << 10)

    private let site: Site
    private let socket: String
    private let owner: HTTPServer.Owner?
    private let logger: Logger

    /// - Parameters:
    ///   - socket: The path; what is there is replaced.
    ///   - owner: The account of nginx's worker processes; nil where that is our own.
    package init(site: Site, socket: String, owner: HTTPServer.Owner?, logger: Logger) {
        self.site = site
        self.socket = socket
        self.owner = owner
        self.logger = logger
    }

    /// Serves until cancelled.
    /// - Throws: Where the socket can't be made.
    package func run(onReady: @escaping @Sendable () -> Void) async throws {
        let site = site
        let responder = CallbackResponder { (request: Request, _: BasicRequestContext) in await WebServer.respond(to: request, of: site) }
        try await HTTPServer(
            socket: socket, owner: owner, bounds: WebServer.bounds, responder: responder, requests: OpenRequests(), logger: logger
        ).run(onReady: onReady)
    }

    private static func respond(to request: Request, of site: Site) async -> Response {
        var asked = WebRequest(request)
        if Site.isForPrograms(asked) {
            let length = request.headers[.transferEncoding] == nil ? request.headers[.contentLength].flatMap { Int64($0) } ?? 0 : nil
            return Response(await site.operation(asked, request.method.rawValue, bodyLength: length), isHead: request.method == .head)
        }
        let answer: WebAnswer
        if asked.method == .post {
            switch await form(of: request, site) {
            case .form(let fields):
                asked.form = fields
                answer = await site.answer(asked)
            case .refused(let refusal): answer = refusal
            }
        } else {
            answer = await site.answer(asked)
        }
        return Response(answer, asked, frameAncestors: site.settings.frameAncestors) { site.hidden($0) }
    }

    private enum Body {
        case form([String: String])
        case refused(WebAnswer)
    }

    private static func form(of request: Request, _ site: Site) async -> Body {
        let tooLong = Body.refused(.line(413, "a form has at most \(mostBody / 1024) KiB").with("Connection", "close"))
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > mostBody { return tooLong }
        let kind = (request.headers[.contentType] ?? "").prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
        do throws(JobError) {
            let read = try await Deadline.within(bodyWithin, site.operations.clock) { () throws(JobError) -> String in
                do { return String(buffer: try await request.body.collect(upTo: mostBody)) } catch { throw JobError("a form has not come whole") }
            }
            guard let text = read else { return .refused(.line(408, "the form took too long to come").with("Connection", "close")) }
            guard text.isEmpty || kind == "application/x-www-form-urlencoded" else { return .refused(.line(415, "send a form")) }
            return .form(FormText.read(text[...]))
        } catch {
            return tooLong
        }
    }
}

extension WebRequest {
    /// Without the fields of a form.
    init(_ request: Request) {
        var headers: [String: String] = [:]
        for field in request.headers {
            let name = field.name.canonicalName
            headers[name] = headers[name].map { "\($0)\(name == "cookie" ? "; " : ", ")\(field.value)" } ?? field.value
        }
        headers["host"] = request.head.authority
        let methods: [HTTPRequest.Method: Method] = [.get: .get, .head: .head, .post: .post]
        self.init(methods[request.method] ?? .other, request.uri.string, headers: headers)
    }
}

extension Response {
    /// - Parameter text: What leaves the program of an answer's body.
    init(_ answer: WebAnswer, _ request: WebRequest, frameAncestors: [String], text: (WebAnswer) -> String) {
        var headers: HTTPFields = [.contentType: answer.kind.mediaType]
        for (name, value) in SecurityHeaders.of(answer, frameAncestors: frameAncestors) + answer.headers {
            if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
        }
        let bytes = ByteBuffer(string: text(answer))
        let isHead = request.method == .head
        if isHead { headers[.contentLength] = "\(bytes.readableBytes)" }
        self.init(status: .init(code: answer.status), headers: headers, body: isHead ? .init() : .init(byteBuffer: bytes))
    }
}
