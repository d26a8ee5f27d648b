import Foundation
import HTTPClient

/// Where a dataset is, and who counts as the Hub itself.
struct HubAddress: Hashable, Sendable {
    static let standardEndpoint = "https://huggingface.co"
    private static let inPath = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-._~"))

    /// Without a slash at its end.
    let endpoint: String
    /// `namespace/name`.
    let dataset: String
    /// A branch.
    let revision: String

    var namespace: String { String(dataset.prefix { $0 != "/" }) }
    var name: String { String(dataset.drop { $0 != "/" }.dropFirst()) }
    /// For messages.
    var host: String { HTTPOrigin(endpoint)?.host ?? endpoint }

    /// An address of the API of this dataset.
    func api(_ path: String = "") -> String { "\(endpoint)/api/datasets/\(dataset)\(path.isEmpty ? "" : "/\(path)")" }

    func lfs(_ path: String) -> String { "\(endpoint)/datasets/\(dataset).git/info/lfs/\(path)" }

    /// The address of a file's content.
    func resolve(_ name: String, at commit: String) -> String {
        let path = name.split(separator: "/", omittingEmptySubsequences: false).map { HubAddress.encoded(String($0)) }.joined(separator: "/")
        return "\(endpoint)/datasets/\(dataset)/resolve/\(HubAddress.encoded(commit))/\(path)"
    }

    /// As one part of a path: a slash in it is encoded too.
    static func encoded(_ part: String) -> String { part.addingPercentEncoding(withAllowedCharacters: inPath) ?? part }

    /// Whether an address is the Hub's own, so that the token may go there. Its storage and its CDN are not: their addresses are
    /// signed, and must not get the token.
    func isHub(_ url: String) -> Bool {
        guard let origin = HTTPOrigin(url) else { return false }
        if origin == HTTPOrigin(endpoint) { return true }
        return endpoint == HubAddress.standardEndpoint && origin == HTTPOrigin("https://hf.co")
    }

    /// An address that the Hub gave, as we must use it: behind a mirror the Hub still names itself.
    func rewritten(_ url: String) -> String {
        guard endpoint != HubAddress.standardEndpoint, url.hasPrefix(HubAddress.standardEndpoint + "/") else { return url }
        return endpoint + url.dropFirst(HubAddress.standardEndpoint.count)
    }
}
