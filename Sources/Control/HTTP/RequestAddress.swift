import Foundation

/// Path and query of a request, taken apart and decoded.
struct RequestAddress {
    /// Below the root; a `/` that was escaped is part of its piece.
    let path: [String]
    let query: [(name: String, value: String)]
    /// The path as it came.
    let text: String

    /// - Throws: `noSuchPath` outside the root, `invalidParameter` for what is not percent-encoded UTF-8.
    init(_ address: String, below root: String = ControlRouter.root) throws(OperationError) {
        let parts = address.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        text = String(parts[0])
        guard text.hasPrefix(root) else { throw .noSuchPath(text) }
        var path: [String] = []
        for piece in text.dropFirst(root.count).split(separator: "/", omittingEmptySubsequences: false) {
            path.append(try RequestAddress.decoded(piece))
        }
        var query: [(String, String)] = []
        for pair in (parts.count > 1 ? parts[1] : "").split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { $0.replacing("+", with: " ") }
            query.append((try RequestAddress.decoded(sides[0]), try RequestAddress.decoded(sides.count > 1 ? sides[1] : "")))
        }
        (self.path, self.query) = (path, query)
    }

    private static func decoded(_ text: some StringProtocol) throws(OperationError) -> String {
        guard let decoded = text.removingPercentEncoding else { throw .invalidParameter("\"\(text)\" in the address is not percent-encoded UTF-8") }
        return decoded
    }
}
