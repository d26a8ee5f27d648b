/// The order in which files go up: nobody sees a page before what it needs, or a list before the pages it leads to.
package enum PublishPhase: Int, CaseIterable, Comparable, Sendable {
    /// Styles, scripts, pictures, fonts: everything that others refer to.
    case assets
    /// Data that scripts fetch, feeds, maps of the site.
    case data
    case pages
    /// Pages that list others, the front page, and what keeps copies of all of them.
    case lists

    package static func < (left: PublishPhase, right: PublishPhase) -> Bool { left.rawValue < right.rawValue }

    package static func of(_ key: String) -> PublishPhase {
        let parts = key.split(separator: "/").map { $0.lowercased() }
        guard let name = parts.last else { return .assets }
        if name == "sw.js" || name == "service-worker.js" { return .lists }
        let ending = name.split(separator: ".").last.map(String.init) ?? ""
        if ["html", "htm"].contains(ending) {
            let isList = parts.count == 1 || parts.contains("page") || ["archives", "tags", "categories"].contains(parts[0])
            return isList && (name == "index.html" || parts.contains("page")) ? .lists : .pages
        }
        return ["json", "xml", "txt", "webmanifest", "atom", "rss"].contains(ending) ? .data : .assets
    }
}
