import Crypto
import Files
import Storage

/// Which headers a file is stored with: the first rule that matches says them, over the ordinary type.
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

    private let rules: [(pattern: PathPattern, headers: [String: String])]

    /// - Parameter own: Rules that come before the standard ones.
    package init(own: [Rule] = []) {
        rules = (own + HeaderRules.standard).compactMap { rule in PathPattern(rule.pattern).map { ($0, rule.headers) } }
    }

    /// The headers of a file, its type among them, sorted by name.
    package func headers(of key: String) -> [(name: String, value: String)] {
        var headers = ["Content-Type": ContentType.of(key)]
        let names = key.split(separator: "/").map { Array($0.utf8) }
        let found = rules.first { $0.pattern.matches(names, isFolder: false) }?.headers ?? [:]
        headers.merge(found) { _, new in new }
        let isPage = headers["Content-Type"]?.hasPrefix("text/html") == true
        if !isPage, HeaderRules.hasFingerprint(key), found["Cache-Control"].map({ $0.hasPrefix("max-age") }) ?? true {
            headers["Cache-Control"] = HeaderRules.forEver
        }
        return headers.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Whether eight or more hexadecimal digits stand alone in the name, a digit among them, as builders put them there.
    static func hasFingerprint(_ key: String) -> Bool {
        guard let name = key.split(separator: "/").last else { return false }
        return name.split(whereSeparator: { ".-_".contains($0) }).dropLast().contains { part in
            part.utf8.count >= 8 && part.allSatisfy { $0.isHexDigit && ($0.isNumber || $0.isLowercase) } && part.contains(where: \.isNumber)
        }
    }

    /// Differs when any header does.
    package static func fingerprint(_ headers: [(name: String, value: String)]) -> String {
        let text = headers.map { "\($0.name.lowercased()):\($0.value)\n" }.sorted().joined()
        return String(SHA256.hash(data: Array(text.utf8)).hex.prefix(16))
    }
}
