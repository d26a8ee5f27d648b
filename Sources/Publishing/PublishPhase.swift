/// The order in which files are uploaded: a page comes after the files it needs, and a list after the pages it links to.
package enum PublishPhase: Int, CaseIterable, Comparable, Sendable {
    /// Styles, scripts, pictures, fonts: everything that others refer to.
    case assets
    /// Data that scripts fetch, feeds, maps of the site.
    case data
    /// HTML pages.
    case pages
    /// Pages that list others, the front page, and what keeps copies of all of them.
    case lists

    package static func < (left: PublishPhase, right: PublishPhase) -> Bool { left.rawValue < right.rawValue }

    /// - Parameters:
    ///   - key: Without the prefix.
    ///   - type: The media type of the content, where that is known: an HTML page counts as a page whatever its name is.
    package static func of(_ key: String, type: String? = nil) -> PublishPhase {
        let parts = key.utf8.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self).lowercased() }
        guard let name = parts.last else { return .assets }
        if name == "sw.js" || name == "service-worker.js" { return .lists }
        let ending = name.split(separator: ".").last.map(String.init) ?? ""
        if ["html", "htm"].contains(ending) {
            let isList = parts.count == 1 || parts.contains("page") || ["archives", "tags", "categories"].contains(parts[0])
            return isList && (name == "index.html" || parts.contains("page")) ? .lists : .pages
        }
        if let type, ContentType.isPage(type) { return .pages }
        return ["json", "xml", "txt", "webmanifest", "atom", "rss"].contains(ending) ? .data : .assets
    }
}
