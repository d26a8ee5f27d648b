import HTTPClient

/// A header that a response must have, written `Name` for any value, or `Name: value` for that one.
package struct HeaderMark: Hashable, Sendable, CustomStringConvertible {
    private let name: String
    /// Nil for any.
    private let value: String?

    /// Nil where the text does not begin with the name of a header. See RFC 9110 §5.1.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first.map(HeaderMark.trimmed), !name.isEmpty, name.utf8.allSatisfy(HeaderMark.isOfName) else { return nil }
        self.name = name
        value = parts.dropFirst().first.map(HeaderMark.trimmed).flatMap { $0.isEmpty ? nil : $0 }
    }

    package var description: String { value.map { "\(name): \($0)" } ?? name }

    func isIn(_ response: HTTPResponse) -> Bool {
        guard let found = response.header(name) else { return false }
        return value.map { $0 == HeaderMark.trimmed(found[...]) } ?? true
    }

    /// Blanks around a value do not belong to it. See RFC 9110 §5.5.
    private static func trimmed(_ text: Substring) -> String {
        let start = text.drop { $0 == " " || $0 == "\t" }
        return String(start.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
