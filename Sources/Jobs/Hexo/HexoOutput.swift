import Files
import Foundation
import Publishing

/// The folder that Hexo builds into.
struct HexoOutput {
    enum Emptied: Hashable, Sendable {
        case emptied
        /// There was nothing in it.
        case wasEmpty
        /// It is not the site's own to empty, and why.
        case notOurs(String)
    }

    private static let others = ["node_modules", "scaffolds", "scripts", "themes", ".git"]

    let site: HexoSite

    /// Removes what would be published; hidden names stay. Only ever within the site's own folder, and through no link. Blocks.
    func empty() throws(SiteError) -> Emptied {
        guard let names = ownNames else { return .notOurs("is not in a folder of its own below the site's") }
        do {
            let (above, last) = (names.dropLast(), names[names.endIndex - 1])
            let root = try Folder.open(site.folder)
            let folder = try root.folder(below: above).folder(last)
            let parts = try folder.names().filter(SiteScan.isPart)
            if parts.isEmpty { return .wasEmpty }
            for name in parts { try folder.removeTree(name) }
            return .emptied
        } catch {
            if error.isMissing { return .wasEmpty }
            if error.isNoFolder { return .notOurs("is a link, or no folder") }
            throw SiteError("\(site.output) can't be emptied: \(error)", hint: "run hexo clean in the site's folder")
        }
    }

    /// The names that lead to it from the site's folder; nil where it is outside of the site.
    private var ownNames: [RawName]? {
        guard let names = names(of: site.output), !names.isEmpty else { return nil }
        let taken = ([site.source, site.theme].compactMap(\.self) + HexoOutput.others.map { "\(site.folder)/\($0)" }).compactMap(self.names)
        return taken.contains { names.starts(with: $0) || $0.starts(with: names) } ? nil : names
    }

    private func names(of path: String) -> [RawName]? {
        let above = site.folder.hasSuffix("/") ? site.folder : site.folder + "/"
        guard path.utf8.starts(with: above.utf8) else { return nil }
        let names = path.utf8.dropFirst(above.utf8.count).split(separator: UInt8(ascii: "/")).map { RawName($0) }
        return names.contains(".") || names.contains("..") ? nil : names
    }
}
