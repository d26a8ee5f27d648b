import Control

/// JSON as the command line prints it.
enum JSONText {
    static func of(_ value: some Encodable) -> String { String(decoding: ControlJSON.encode(value), as: UTF8.self) }
}
