import Files
import Foundation
import Publishing

/// What a site is built from, as far as it explains what is in the build. All of it blocks.
struct HexoSources {
    /// What a renderer makes of files, by the ending of these.
    static let rendered: [String: String] = {
        var all: [String: String] = [:]
        for ending in markdown { all[ending] = "html" }
        for ending in ["ejs", "pug", "jade", "njk", "j2", "nunjucks", "swig", "haml", "hbs", "handlebars", "mustache", "org", "adoc", "rst", "textile"] {
            all[ending] = "html"
        }
        for ending in styles { all[ending] = "css" }
        all["coffee"] = "js"
        return all
    }()
    /// Every site has a renderer for these.
    static let markdown: Set<String> = ["md", "markdown", "mkd", "mkdn", "mdwn", "mdtxt", "mdtext"]
    static let styles: Set<String> = ["styl", "stylus", "scss", "sass", "less"]

    private static let largestText = 1 << 20

    let site: HexoSite
    private let skipped: [PathPattern]
    private let folders: [String]

    init(_ site: HexoSite) {
        self.site = site
        folders = [site.source] + (site.theme.map { ["\($0)/source"] } ?? [])
        skipped = site.config.list("skip_render").flatMap(HexoSources.expanded).compactMap { PathPattern("/" + $0.drop { $0 == "/" }) }
    }

    /// A pattern once for each of the alternatives between its braces.
    private static func expanded(_ pattern: String) -> [String] {
        guard let start = pattern.firstIndex(of: "{"), let end = pattern[start...].firstIndex(of: "}") else { return [pattern] }
        let choices = pattern[pattern.index(after: start)..<end].split(separator: ",", omittingEmptySubsequences: false)
        return choices.flatMap { expanded(pattern[..<start] + String($0) + pattern[pattern.index(after: end)...]) }
    }

    /// Whether the site asks for a file to be published as it is.
    func isSkipped(_ key: ByteKey) -> Bool {
        let names = key.text.utf8.split(separator: UInt8(ascii: "/")).map(Array.init)
        return skipped.contains { $0.covers(names) }
    }

    /// The file of the site's own or of the theme's that is where a file of the build is.
    func origin(of key: ByteKey) -> String? { origin(of: key.text) }

    private func origin(of path: String) -> String? {
        folders.map { "\($0)/\(path)" }.first { FileManager.default.fileExists(atPath: $0) }
    }

    /// Whether a file of the build is so in the theme.
    func isOfTheme(_ key: ByteKey) -> Bool { site.theme.map { FileManager.default.fileExists(atPath: "\($0)/source/\(key.text)") } ?? false }

    /// What a file of the build was made of: itself as it is in the source, or what a renderer made it of.
    func maker(of key: ByteKey) -> String? {
        if let same = origin(of: key) { return same }
        let ending = FileEnding.of(key.text)
        return HexoSources.rendered.filter { $0.value == ending }.keys.sorted().lazy
            .compactMap { origin(of: FileEnding.replace(key.text, with: $0)) }.first
    }

    /// Whether a file of the build is empty because nothing was meant to be in it.
    func isEmptyOnPurpose(_ key: ByteKey) -> Bool {
        guard let path = maker(of: key), let data = FileManager.default.contents(atPath: path) else { return false }
        if data.isEmpty { return true }
        guard data.count <= HexoSources.largestText else { return false }
        return EmptySource.makesNothing(String(decoding: data, as: UTF8.self), ending: FileEnding.of(path))
    }

    // MARK: The theme

    /// Endings of the theme's templates.
    var templateEndings: Set<String> { Set(templates.map(\.ending).filter { HexoSources.rendered[$0] == "html" }) }

    private var templates: [ListedFile] { site.theme.map { FileList.files(below: "\($0)/layout") } ?? [] }

    /// Names of the theme's templates by the digest of what is left of them when nothing renders them.
    func templateDigests() -> [String: String] {
        guard let theme = site.theme else { return [:] }
        var found: [String: String] = [:]
        for file in templates where HexoSources.rendered[file.ending] == "html" && file.status.size <= Int64(HexoSources.largestText) {
            guard let data = FileManager.default.contents(atPath: "\(theme)/layout/\(file.path)") else { continue }
            let text = String(decoding: data, as: UTF8.self)
            let isMarkup = ["ejs", "njk", "j2", "nunjucks", "swig", "hbs", "handlebars", "mustache"].contains(file.ending)
            // A template without a mark in it is a page as it is.
            if isMarkup, !["<%", "{{", "{%"].contains(where: text.contains) { continue }
            found[Array(data).md5Digits] = file.path
            let body = FrontMatter(text).body
            if body != text { found[Array(body.utf8).md5Digits] = file.path }
        }
        return found
    }

    // MARK: Stamps

    /// Differs when a setting or a file of the theme has changed, which Hexo does not always notice.
    func settingsStamp() -> (stamp: String, newest: FileTime?) {
        let root = FileList.names(in: site.folder).filter { name in
            name.hasPrefix("_config.") || ["package-lock.json", "yarn.lock", "pnpm-lock.yaml"].contains(name)
        }
        var files = root.compactMap { name in FileList.file(name, in: site.folder) }
        files += [site.theme, "\(site.folder)/scripts", "\(site.source)/_data"].compactMap(\.self).flatMap(FileList.files)
        let lines = files.map { "\($0.path) \($0.status.size) \($0.status.modified.seconds).\($0.status.modified.nanoseconds)\n" }
        return (Array(lines.joined().utf8).md5Digits, files.map(\.status.modified).max())
    }

    /// Differs when what is written has changed: texts by their content, all else by its size.
    /// - Returns: Also the names of posts without a date.
    func sourceStamp() -> (stamp: String, undated: [String]) {
        var lines = ""
        var undated: [String] = []
        for file in FileList.files(below: site.source) {
            lines += "\(file.path) \(file.status.size)"
            let isText = HexoSources.markdown.contains(file.ending) || ["html", "htm", "yml", "yaml", "json"].contains(file.ending)
            if isText, file.status.size <= Int64(HexoSources.largestText), let data = FileManager.default.contents(atPath: "\(site.source)/\(file.path)") {
                lines += " \(Array(data).md5Digits)"
                let isPost = file.path.hasPrefix("_posts/") && HexoSources.markdown.contains(file.ending)
                if isPost, !FrontMatter(String(decoding: data, as: UTF8.self)).has("date") { undated.append(file.path) }
            }
            lines += "\n"
        }
        return (Array(lines.utf8).md5Digits, undated)
    }
}

extension FileList {
    fileprivate static func names(in path: String) -> [String] {
        ((try? Folder.open(path).names()) ?? []).map(\.description)
    }

    fileprivate static func file(_ name: String, in path: String) -> ListedFile? {
        (try? Folder.open(path).status(RawName(name))).map { ListedFile(place: [RawName(name)], status: $0) }
    }
}
