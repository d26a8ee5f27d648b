import Foundation

/// A line of a commit, as the Hub reads it.
enum HubCommitLine {
    case header(title: String, description: String, parent: String?)
    /// A content that was uploaded by LFS.
    case large(String, sha256: String, size: Int64)
    /// A content that the commit carries.
    case regular(String, [UInt8])
    /// The path must be there.
    case deletion(String)

    /// The body of the request.
    static func body(_ lines: [HubCommitLine]) -> [UInt8] { Array(lines.map(\.bytes).joined(separator: [10])) + [10] }

    private var bytes: [UInt8] {
        switch self {
        case .header(let title, let description, let parent):
            HubMessages.encode(Line(key: "header", value: Header(summary: title, description: description, parentCommit: parent)))
        case .large(let path, let sha256, let size): HubMessages.encode(Line(key: "lfsFile", value: LargeFile(path: path, oid: sha256, size: size)))
        case .regular(let path, let content):
            HubMessages.encode(Line(key: "file", value: RegularFile(path: path, content: Data(content).base64EncodedString())))
        case .deletion(let path): HubMessages.encode(Line(key: "deletedFile", value: Deletion(path: path)))
        }
    }

    private struct Line<Value: Encodable>: Encodable {
        var key: String
        var value: Value
    }

    private struct Header: Encodable {
        var summary: String
        var description: String
        var parentCommit: String?
    }

    private struct LargeFile: Encodable {
        var path: String
        var algo = "sha256"
        var oid: String
        var size: Int64
    }

    private struct RegularFile: Encodable {
        var path: String
        var content: String
        var encoding = "base64"
    }

    private struct Deletion: Encodable {
        var path: String
    }
}
