/// What an operation answers: a value, or bytes that come one after the other.
package protocol OperationAnswer: Sendable {
    static var content: AnswerContent { get }
    var body: AnswerBody { get }
}

/// The kind of an answer.
package enum AnswerContent {
    /// JSON of this type.
    case value(any Decodable.Type)
    case stream(mediaType: String, about: String, schema: JSONValue)
}

/// An answer as it is sent.
package enum AnswerBody: Sendable {
    case bytes([UInt8])
    case stream(AnswerStream)
}

/// Bytes of an answer that come one after the other.
package struct AnswerStream: Sendable {
    /// Hands over the next bytes; suspends until they are taken.
    /// - Throws: Where nobody takes them any more.
    package typealias Writer = @Sendable ([UInt8]) async throws -> Void

    /// The name of the file that a browser keeps it as; nil for what is not a file.
    package var fileName: String?
    /// In bytes, where it is known.
    package var length: Int64?
    /// Writes all of it.
    package var write: @Sendable (Writer) async throws -> Void

    package init(fileName: String? = nil, length: Int64? = nil, write: @escaping @Sendable (Writer) async throws -> Void) {
        self.fileName = fileName
        self.length = length
        self.write = write
    }
}

/// An answer in JSON: a struct of named fields in snake case, added to and never changed.
package protocol ValueAnswer: OperationAnswer, Codable {}

extension ValueAnswer {
    package static var content: AnswerContent { .value(Self.self) }
    package var body: AnswerBody { .bytes(ControlJSON.encode(self, as: .line) + [10]) }
}

/// What bytes of a stream are.
package protocol StreamForm: Sendable {
    static var mediaType: String { get }
    static var about: String { get }
    /// Of the whole; of server-sent events that of one.
    static var schema: JSONValue { get }
}

extension StreamForm {
    package static var schema: JSONValue { ["type": "string"] }
}

package enum TextForm: StreamForm {
    package static let mediaType = "text/plain; charset=utf-8"
    package static let about = "Lines of text"
}

/// See https://html.spec.whatwg.org/multipage/server-sent-events.html.
package enum EventStreamForm: StreamForm {
    package static let mediaType = "text/event-stream"
    package static let about = "Server-sent events: the position is the id, the type the event, and the data are as in the answer of \"events\""
    package static let schema: JSONValue = [
        "type": "object", "required": ["id", "event", "data"],
        "properties": [
            "id": ["type": "string", "pattern": "^[0-9]+$"],
            "event": ["type": "string", "enum": .list(EventAnswer.Kind.allCases.map { .text($0.rawValue) })],
            "data": ["type": "string", "contentMediaType": "application/json", "contentSchema": ["$ref": "#/components/schemas/Event"]],
        ],
    ]
}

/// An answer whose bytes come one after the other.
package struct StreamAnswer<Form: StreamForm>: OperationAnswer {
    package static var content: AnswerContent { .stream(mediaType: Form.mediaType, about: Form.about, schema: Form.schema) }
    package var body: AnswerBody { .stream(stream) }
    private let stream: AnswerStream

    package init(_ stream: AnswerStream) { self.stream = stream }
}
