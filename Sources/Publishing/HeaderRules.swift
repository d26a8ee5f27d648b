import Crypto
import Files
import Buckets

/// The headers that a file is stored with: its type, those of the first standard rule that matches, and over those the first own rule's. Pure.
package struct HeaderRules: Sendable {
    /// Headers for the files that a pattern matches.
    package struct Rule: Sendable {
        /// As a line of a `.gitignore`; see `PathPattern`. One that matches nothing, such as a comment, is ignored.
        package var pattern: String
        /// Values by name; they replace a header of the same name, in any case of letters.
        package var headers: [String: String]

        package init(_ pattern: String, _ headers: [String: String]) {
            self.pattern = pattern
            self.headers = headers
        }
    }

    /// For a blog: pages are revalidated each time, which their entity tag makes cheap; files with a fingerprint of their content in the
    /// name are cached for a year; the rest in between. See RFC 9111 §5.2.
    package static let standard: [Rule] =
        rules("no-cache", ["*.html", "sw.js", "service-worker.js", "*.webmanifest", "robots.txt", "CNAME"])
        + rules("max-age=300", ["atom.xml", "rss2.xml", "rss.xml", "feed.xml", "sitemap.xml", "search.xml", "search.json"])
        + rules("max-age=3600", ["*.css", "*.js", "*.mjs", "*.json", "*.xml", "*.map"])
        + rules(
            "max-age=864000",
            [
                "*.png", "*.jpg", "*.jpeg", "*.gif", "*.webp", "*.avif", "*.svg", "*.ico", "*.woff", "*.woff2", "*.ttf", "*.otf", "*.eot", "*.mp4", "*.webm",
                "*.mp3", "*.pdf",
            ])

    private static let forEver = "public, max-age=31536000, immutable"

    private static func rules(_ cacheControl: String, _ patterns: [String]) -> [Rule] { patterns.map { Rule($0, ["Cache-Control": cacheControl]) } }

    private struct Compiled {
        var pattern: PathPattern
        var headers: [String: String]
        var isOwn: Bool
    }

    private let rules: [Compiled]

    /// - Parameter own: Rules that come before the standard ones.
    package init(own: [Rule] = []) {
        func compiled(_ rules: [Rule], isOwn: Bool) -> [Compiled] {
            rules.compactMap { rule in PathPattern(rule.pattern).map { Compiled(pattern: $0, headers: rule.headers, isOwn: isOwn) } }
        }
        rules = compiled(own, isOwn: true) + compiled(HeaderRules.standard, isOwn: false)
    }

    /// The headers of a file, its type among them, sorted by name.
    /// - Parameters:
    ///   - key: Without the prefix.
    ///   - type: The media type of the file's content.
    package func headers(of key: String, type: String) -> [(name: String, value: String)] {
        let names = key.utf8.split(separator: UInt8(ascii: "/")).map(Array.init)
        func first(isOwn: Bool) -> [String: String] {
            rules.first { $0.isOwn == isOwn && $0.pattern.covers(names) }?.headers ?? [:]
        }
        // Names of headers are the same in any case of letters.
        var headers = ["content-type": (name: "Content-Type", value: type)]
        // A page is one whatever its name is.
        if ContentType.isPage(type) { headers["cache-control"] = ("Cache-Control", "no-cache") }
        for (name, value) in first(isOwn: false) { headers[name.lowercased()] = (name, value) }
        if !ContentType.isPage(type), HeaderRules.hasFingerprint(key) { headers["cache-control"] = ("Cache-Control", HeaderRules.forEver) }
        for (name, value) in first(isOwn: true) { headers[name.lowercased()] = (name, value) }
        return headers.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Whether eight or more hexadecimal digits are alone in the name, a digit and a letter among them, as builders put them
    /// there. Digits alone may be a date.
    static func hasFingerprint(_ key: String) -> Bool {
        guard let name = key.utf8.split(separator: UInt8(ascii: "/")).last.map({ String(decoding: $0, as: UTF8.self) }) else { return false }
        return name.split(whereSeparator: { ".-_".contains($0) }).dropLast().contains { part in
            part.utf8.count >= 8 && part.allSatisfy { $0.isHexDigit && ($0.isNumber || $0.isLowercase) } && part.contains(where: \.isNumber)
                && part.contains(where: \.isLetter)
        }
    }

    /// 16 hexadecimal digits that differ when any header does. The ledger remembers them: a change uploads the file again.
    package static func fingerprint(_ headers: [(name: String, value: String)]) -> String {
        let text = headers.map { "\($0.name.lowercased()):\($0.value)\n" }.sorted().joined()
        return String(SHA256.hash(data: Array(text.utf8)).hex.prefix(16))
    }
}
