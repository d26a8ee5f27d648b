import Crypto
import Files
import Buckets

/// Which headers a file is stored with: the ordinary type, what the first usual rule that matches says, and over that the first of one's own.
package struct HeaderRules: Sendable {
    package struct Rule: Sendable {
        /// With the meaning of a line of a `.gitignore`.
        package var pattern: String
        package var headers: [String: String]

        package init(_ pattern: String, _ headers: [String: String]) {
            self.pattern = pattern
            self.headers = headers
        }
    }

    /// For a blog: pages are asked for again each time, which their tag makes cheap; what bears a fingerprint of its content in its
    /// name may be kept for ever; the rest in between.
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
    ///   - type: What the file holds.
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

    /// Differs when any header does.
    package static func fingerprint(_ headers: [(name: String, value: String)]) -> String {
        let text = headers.map { "\($0.name.lowercased()):\($0.value)\n" }.sorted().joined()
        return String(SHA256.hash(data: Array(text.utf8)).hex.prefix(16))
    }
}
