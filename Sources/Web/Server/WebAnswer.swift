/// An answer without what all answers have. A value.
package struct WebAnswer: Sendable {
    package enum Kind: Sendable {
        case html, text, css, script, svg, manifest, metrics

        var mediaType: String {
            switch self {
            case .html: "text/html; charset=utf-8"
            case .text: "text/plain; charset=utf-8"
            case .css: "text/css; charset=utf-8"
            case .script: "text/javascript; charset=utf-8"
            case .svg: "image/svg+xml"
            case .manifest: "application/manifest+json"
            case .metrics: "text/plain; version=0.0.4; charset=utf-8"
            }
        }
    }

    package var status: Int
    package var kind: Kind
    package var body: String
    package var headers: [(name: String, value: String)]
    /// Whether a browser may keep it: its address changes when it does.
    package var isLasting: Bool

    package init(_ status: Int, _ kind: Kind, _ body: String, headers: [(name: String, value: String)] = [], isLasting: Bool = false) {
        self.status = status
        self.kind = kind
        self.body = body
        self.headers = headers
        self.isLasting = isLasting
    }

    /// A line of text.
    static func line(_ status: Int, _ text: String) -> WebAnswer { WebAnswer(status, .text, text + "\n") }

    /// To another page, after a form.
    /// - Parameter place: Relative to the address of the request.
    static func see(_ place: String) -> WebAnswer { WebAnswer(303, .text, "", headers: [("Location", place)]) }

    func with(_ name: String, _ value: String) -> WebAnswer {
        var answer = self
        answer.headers.append((name, value))
        return answer
    }
}
