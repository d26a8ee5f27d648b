import Files
import Foundation
import JobKit
import Publishing
import Settings

/// Why a built site may not take the place of the one that is there.
struct HexoRefusal: Error, Hashable, Sendable {
    var message: String
    var hint: String
    /// What of the build is not to be built upon.
    var spoiled: HexoSpoiled? = .output
}

/// What of a site a bad build has left behind that Hexo takes as valid the next time.
enum HexoSpoiled: String, Sendable {
    /// Files of the output.
    case output
    /// The database too: a text that was once taken for a plain file stays one in it.
    case database
}

/// Whether a built site may take the place of the one that is there: whether it is what Hexo makes with all that it needs.
struct HexoVerdict {
    /// So many pages at least before they can be said to be all alike.
    private static let fewPages = 3
    private static let headBytes = 4096

    let job: String
    let sources: HexoSources
    let reading: SiteReading
    /// The files of the last good build.
    let before: SiteDigests
    /// How many pages the last good build had.
    let pagesBefore: Int?
    /// The least of those that this one must have, in per cent.
    let minShare: Int
    /// Styles and scripts that Hexo has complained of since the last good build.
    let failedAssets: Set<ByteKey>

    private var pages: [SiteContent] { reading.files.filter { $0.isPage && $0.key != ByteKey("404.html") } }
    private var front: SiteContent? { reading.files.first { $0.key == ByteKey("index.html") } }

    /// The number of pages. Blocks.
    func judge() throws(HexoRefusal) -> Int {
        try refuseUnrendered()
        try refuseFront()
        try refuseTemplates()
        try refuseEmpty()
        try refuseAlike()
        let count = pages.count
        if let pagesBefore, count * 100 < pagesBefore * minShare {
            throw HexoRefusal(
                message: "the build has \(count.counted("page")), and the last one had \(pagesBefore)",
                hint: "if that is right, set min_share to \(max(0, count * 100 / max(1, pagesBefore))) for once", spoiled: nil)
        }
        return count
    }

    // MARK: Files that should have been rendered

    private func refuseUnrendered() throws(HexoRefusal) {
        let candidates = reading.files.filter { HexoSources.rendered[FileEnding.of($0.key.text)] != nil }
        if candidates.isEmpty { return }
        let rules = RenderRules(sources, head: front.map { text(of: $0, most: 1 << 20) } ?? "", reading: reading, before: before)
        let raw = candidates.filter { rules.shouldBeRendered($0.key) }
        guard let first = raw.first else { return }
        let ending = FileEnding.of(first.key.text)
        let others = raw.count > 1 ? ", and \((raw.count - 1).counted("other")) with it" : ""
        throw HexoRefusal(
            message: "\(first.key) is in the build as it is written\(others): nothing has rendered it",
            hint: "npm install \(HexoVerdict.renderer(of: ending)) in the site's folder; what is to be published as it is belongs under skip_render",
            spoiled: .database)
    }

    private static func renderer(of ending: String) -> String {
        switch ending {
        case _ where HexoSources.markdown.contains(ending): "hexo-renderer-marked"
        case "styl", "stylus": "hexo-renderer-stylus"
        case "scss", "sass": "hexo-renderer-dartsass"
        case "pug", "jade": "hexo-renderer-pug"
        default: "hexo-renderer-\(ending)"
        }
    }

    // MARK: Pages

    private func refuseFront() throws(HexoRefusal) {
        guard let front, front.file.size > 0 else {
            throw HexoRefusal(
                message: "the build has no front page: index.html is \(front == nil ? "missing" : "empty")",
                hint: "is the theme there? A theme as a git submodule must be fetched")
        }
        guard TemplateText.isTemplate(text(of: front, most: HexoVerdict.headBytes)) else { return }
        throw HexoRefusal(
            message: "the front page is a template that nothing has rendered: it begins with \(firstWords(of: front))",
            hint: "install the theme's renderer, such as npm install hexo-renderer-ejs")
    }

    private func refuseTemplates() throws(HexoRefusal) {
        let templates = sources.templateDigests()
        guard let page = pages.first(where: { templates[$0.md5] != nil }), let template = templates[page.md5] else { return }
        throw HexoRefusal(
            message: "\(page.key) is the theme's template \(template) as it is: nothing has rendered it",
            hint: "npm install \(HexoVerdict.renderer(of: FileEnding.of(template))) in the site's folder")
    }

    private func refuseAlike() throws(HexoRefusal) {
        let groups = Dictionary(grouping: pages, by: \.md5)
        guard let most = groups.values.max(by: { $0.count < $1.count }), most.count >= HexoVerdict.fewPages, most.count * 2 > pages.count else { return }
        // Pages that are written as they are published do not depend on the theme.
        guard pages.allSatisfy({ $0.md5 == most[0].md5 || sources.origin(of: $0.key) != nil }) else { return }
        throw HexoRefusal(
            message: "all \(most.count) pages of the build are alike, such as \(most[0].key): the theme or its renderer is missing",
            hint: "look at public/\(most[0].key), and run npm install in the site's folder")
    }

    private func firstWords(of file: SiteContent) -> String {
        let line = text(of: file, most: 200).split(whereSeparator: \.isNewline).map(\.trimmed).first { !$0.isEmpty } ?? ""
        return String(line.prefix(40))
    }

    private func text(of file: SiteContent, most: Int) -> String {
        guard let open = try? file.file.open(below: reading.root), let bytes = try? open.read(most, at: 0) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: Empty files

    private func refuseEmpty() throws(HexoRefusal) {
        let empty = reading.files.filter { $0.file.size == 0 && (isPageByName($0) || ["css", "js"].contains(FileEnding.of($0.key.text))) && !mayBeEmpty($0) }
        guard let first = empty.first else { return }
        throw HexoRefusal(
            message: "\(empty.count.counted("file")) of the build \(empty.count == 1 ? "is" : "are") empty, such as \(first.key): a template or a style failed",
            hint: "an earlier run may have said why; run hexo clean in the site's folder and start \(job) again")
    }

    /// Whether a name is one of a page: addresses may be without an ending.
    private func isPageByName(_ file: SiteContent) -> Bool {
        ["html", "htm"].contains(FileEnding.of(file.key.text)) || ContentType.known(file.key.text) == nil
    }

    private func mayBeEmpty(_ file: SiteContent) -> Bool {
        let last = before.known[file.key]?.md5
        if last == SiteReading.emptyDigest || sources.isEmptyOnPurpose(file.key) { return true }
        if isPageByName(file) || last != nil || failedAssets.contains(file.key) { return false }
        // Never seen with anything in it: styles of variables alone are empty, and no page asks for those.
        guard sources.maker(of: file.key) != nil, let front else { return true }
        return !text(of: front, most: 1 << 20).contains(file.key.text)
    }
}

/// Which files of a build should have been rendered instead of copied.
private struct RenderRules {
    let sources: HexoSources
    let head: String
    let before: SiteDigests
    private let keys: Set<ByteKey>
    private let templateEndings: Set<String>
    private let renderers: [String]

    init(_ sources: HexoSources, head: String, reading: SiteReading, before: SiteDigests) {
        (self.sources, self.head, self.before) = (sources, head, before)
        keys = Set(reading.files.map(\.key))
        templateEndings = sources.templateEndings
        let package = sources.site.package
        renderers = (package.dependencies + package.developmentDependencies).filter { $0.contains("hexo-renderer-") }
    }

    private var hasStyles: Bool { keys.contains { FileEnding.of($0.text) == "css" } }

    func shouldBeRendered(_ key: ByteKey) -> Bool {
        let ending = FileEnding.of(key.text)
        guard let made = HexoSources.rendered[ending], !sources.isSkipped(key) else { return false }
        let product = FileEnding.replace(key.text, with: made)
        if !keys.contains(ByteKey(product)) {
            // What it makes was there before, or a page asks for it, or there is no style at all.
            if before.known[ByteKey(product)] != nil || head.contains("/\(product)") { return true }
            if HexoSources.styles.contains(ending), !hasStyles { return true }
        }
        guard sources.origin(of: key) != nil else { return false }
        if HexoSources.markdown.contains(ending) || templateEndings.contains(ending) { return true }
        // Stylus is hardly written but for Hexo; what libraries bring along is in the other languages.
        if ending == "styl", sources.isOfTheme(key) { return true }
        return renderers.contains { $0.hasSuffix("renderer-\(ending)") || ending == "styl" && $0.hasSuffix("-stylus") }
    }
}

/// Whether a page is a template that nothing has rendered.
enum TemplateText {
    static func isTemplate(_ text: String) -> Bool {
        var rest = Substring(text)
        if rest.first == "\u{feff}" { rest.removeFirst() }
        rest = rest.drop(while: \.isWhitespace)
        while rest.hasPrefix("<!--"), let end = rest.firstRange(of: "-->") { rest = rest[end.upperBound...].drop(while: \.isWhitespace) }
        if ["<%", "{{", "{%", "{#", "//-"].contains(where: rest.hasPrefix) { return true }
        if !text.contains("<"), ["extends ", "doctype ", "include ", "block "].contains(where: rest.hasPrefix) { return true }
        // Past the head a page may show what templates look like.
        let head = ["<script", "</head>", "<body"].compactMap { rest.firstRange(of: $0)?.lowerBound }.min() ?? rest.endIndex
        return rest.contains("<head") && rest[..<head].contains("<%")
    }
}
