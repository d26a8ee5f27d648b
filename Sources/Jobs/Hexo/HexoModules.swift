import Foundation

/// A package that Hexo would load, and that is not there to be loaded.
struct MissingModule: Hashable, Sendable {
    var name: String
    /// The theme that names it; nil for the site itself.
    var theme: String?
    /// Whether its folder is there without what makes it a package.
    var isBroken: Bool
    /// Whether it is named for development, which some installs leave out.
    var isForDevelopment: Bool
    /// Whether a build without it is useless: the site names it, or the pages are made by it.
    var isNeeded: Bool
}

/// The packages that Hexo loads: it silently leaves out those that it does not find.
///
/// See hexojs/hexo `lib/hexo/load_plugins.ts`: names that begin with `hexo-`, also below a scope, under `dependencies` of the site and of its
/// theme, and under `devDependencies` of the site; found as Node.js finds them.
enum HexoModules {
    /// Development tools whose absence changes nothing of a build.
    private static let tools: Set<String> = ["hexo-cli", "hexo-server"]

    /// Blocks.
    /// - Parameter environment: That of the build: `NODE_PATH` counts.
    static func missing(_ site: HexoSite, environment: [String: String]) -> [MissingModule] {
        let more = (environment["NODE_PATH"] ?? "").split(separator: ":").map(String.init)
        var found: [MissingModule] = []
        func look(_ names: [String], from bases: [String], theme: String? = nil, forDevelopment: Bool = false, areNeeded: (String) -> Bool) {
            for name in names where isLoaded(name) && !found.contains(where: { $0.name == name }) {
                if bases.contains(where: { find(name, from: $0, more: more) != nil }) { continue }
                let isBroken = bases.contains { base in places(base, more).contains { FileManager.default.fileExists(atPath: "\($0)/\(name)") } }
                found.append(
                    MissingModule(name: name, theme: theme, isBroken: isBroken, isForDevelopment: forDevelopment, isNeeded: areNeeded(name)))
            }
        }
        let package = site.package
        look(package.dependencies.filter { !package.optionalDependencies.contains($0) }, from: [site.folder]) { _ in true }
        look(package.developmentDependencies.filter { !tools.contains($0) }, from: [site.folder], forDevelopment: true) { _ in true }
        if let theme = site.theme, let package = HexoPackage(in: theme) {
            let name = theme.split(separator: "/").last.map(String.init) ?? theme
            // A theme that was installed comes with all that it names. One that was copied often names more than is in use.
            let isInstalled = theme.contains("/node_modules/")
            let real = URL(fileURLWithPath: theme).resolvingSymlinksInPath().path
            look(package.dependencies.filter { !package.optionalDependencies.contains($0) }, from: [theme, real, site.folder], theme: name) {
                isInstalled || $0.contains("hexo-renderer-")
            }
        }
        return found
    }

    private static func isLoaded(_ name: String) -> Bool {
        if name.hasPrefix("@types/") { return false }
        return name.hasPrefix("hexo-") || name.hasPrefix("@") && name.split(separator: "/").dropFirst().first?.hasPrefix("hexo-") == true
    }

    /// A package as Node.js finds it from a folder: in `node_modules` there or above, then in further places. Blocks.
    static func find(_ name: String, from base: String, more: [String] = []) -> HexoPackage? {
        for place in places(base, more) {
            let folder = "\(place)/\(name)"
            guard let package = HexoPackage(in: folder), isWhole(package, folder) else { continue }
            return package
        }
        return nil
    }

    /// The folders in which Node.js looks for packages, from a folder on upwards, then further ones.
    static func places(_ base: String, _ more: [String] = []) -> [String] {
        var places: [String] = []
        var place = base
        while true {
            if !place.hasSuffix("/node_modules") { places.append(place == "/" ? "/node_modules" : "\(place)/node_modules") }
            if place == "/" || place.isEmpty { break }
            place = URL(fileURLWithPath: place).deletingLastPathComponent().path
        }
        return places + more
    }

    /// Whether the file that a package is loaded by is there, where it names one.
    private static func isWhole(_ package: HexoPackage, _ folder: String) -> Bool {
        guard let main = package.main, !main.isEmpty else { return true }
        let file = "\(folder)/\(main)"
        return ["", ".js", ".cjs", ".json", ".node", "/index.js", "/index.json"].contains { FileManager.default.fileExists(atPath: file + $0) }
            || FileManager.default.fileExists(atPath: "\(folder)/index.js")
    }
}
