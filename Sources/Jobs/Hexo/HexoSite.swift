import Foundation
import JSON5
import Publishing

/// A Hexo site as it is on disk, read once.
struct HexoSite: Sendable {
    let folder: String
    /// The program to build with: the configured one, the site's own, else the one on the PATH.
    let program: String
    let config: HexoConfig
    let package: HexoPackage
    /// Where the built site is.
    let output: String
    /// Where posts and pages are written.
    let source: String
    /// Where the theme is; nil where there is none of that name.
    let theme: String?
    /// Hexo's own package; nil where it is not installed.
    let hexo: HexoPackage?

    /// Blocks.
    /// - Parameter named: The program to build with, where one is configured.
    /// - Throws: Where this is not a site at all: Hexo itself would print its help and call that a success.
    init(_ folder: String, named: String?) throws(SiteError) {
        self.folder = folder
        guard HexoSite.exists(folder) else {
            throw SiteError("the site's folder \(folder) does not exist", hint: "correct \"site\", or let a restore bring it back first")
        }
        guard HexoSite.exists("\(folder)/package.json") else {
            throw SiteError("\(folder) is not a Hexo site: it has no package.json", hint: "correct \"site\"")
        }
        guard let package = HexoPackage(in: folder), package.isSite else {
            throw SiteError("\(folder) is not a Hexo site: its package.json has no \"hexo\"", hint: "make one with hexo init, or add \"hexo\": {} to it")
        }
        guard let config = HexoConfig.find(in: folder) else {
            throw SiteError("\(folder) has no _config.yml", hint: "every Hexo site has one, or a _config.yaml or _config.json in its place")
        }
        (self.package, self.config) = (package, config)
        program = named ?? HexoModules.places(folder).map { "\($0)/.bin/hexo" }.first(where: HexoSite.exists) ?? "hexo"
        output = HexoSite.place(config.text("public_dir") ?? "public", in: folder)
        source = HexoSite.place(config.text("source_dir") ?? "source", in: folder)
        theme = config.text("theme").flatMap { name in
            ["\(folder)/themes/\(name)", "\(folder)/node_modules/hexo-theme-\(name)"].first(where: HexoSite.exists)
        }
        hexo = HexoModules.find("hexo", from: folder)
    }

    private static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// A path of the configuration, without slashes at its end.
    private static func place(_ name: String, in folder: String) -> String {
        var name = name
        while name.count > 1, name.hasSuffix("/") { name.removeLast() }
        while name.hasPrefix("./") { name.removeFirst(2) }
        return name.hasPrefix("/") ? name : "\(folder)/\(name)"
    }

    /// The file by which Hexo knows what it has written.
    var database: String { "\(folder)/db.json" }

    /// What Hexo and its deployers write in a site's folder. Blocks.
    static func outputs(of folder: String) -> [String] {
        let output = place(HexoConfig.find(in: folder)?.text("public_dir") ?? "public", in: folder)
        return [output] + ["db.json", "_multiconfig.yml", "package.json", ".deploy_git", "source/_data/public_md5.json", "debug.log"].map { "\(folder)/\($0)" }
    }

    /// The oldest Node.js that the site's Hexo runs on, from its `package.json`.
    var neededNode: NodeVersion? {
        guard let rule = hexo?.neededNode, rule.hasPrefix(">=") else { return nil }
        return NodeVersion(rule.dropFirst(2))
    }

    /// Settings that make pages change each time, or their addresses depend on the machine.
    var warnings: [String] {
        var found: [String] = []
        if config.text("updated_option").map({ $0 == "mtime" }) ?? true {
            let what = config.text("updated_option") == nil ? "has no updated_option, which means mtime" : "has updated_option: mtime"
            found.append(
                "\(config.name) \(what): after a restore every page may count as changed; write updated_option: date, and keep db.json in the backup of the site"
            )
        }
        if config.text("timezone") == nil {
            found.append("\(config.name) has no timezone: dates in addresses follow the machine's; write one such as Asia/Shanghai")
        }
        return found
    }

    /// Whether addresses of posts are made of their dates.
    var hasDatesInAddresses: Bool {
        let form = config.text("permalink") ?? ":year/:month/:day/:title/"
        return [":year", ":month", ":day", ":i_month", ":i_day", ":hour", ":minute", ":second", ":timestamp"].contains(where: form.contains)
    }

    /// Whether names of posts begin with their dates.
    var hasDatesInNames: Bool { config.text("new_post_name")?.contains(":year") == true }
}

/// What a `package.json` says.
struct HexoPackage: Sendable {
    /// Whether it is that of a Hexo site.
    let isSite: Bool
    let dependencies: [String]
    let developmentDependencies: [String]
    let optionalDependencies: Set<String>
    let neededNode: String?
    /// The file that is loaded, where it is named.
    let main: String?

    /// Nil where there is none, or where it can't be read. Blocks.
    init?(in folder: String) {
        guard let data = FileManager.default.contents(atPath: "\(folder)/package.json"), let json = try? JSONDocument(Array(data)).value, json.members != nil
        else { return nil }
        func names(_ key: String) -> [String] { json[key]?.members?.map(\.key) ?? [] }
        isSite = json["hexo"]?.members != nil
        dependencies = names("dependencies")
        developmentDependencies = names("devDependencies")
        optionalDependencies = Set(names("optionalDependencies"))
        neededNode = json["engines"]?["node"]?.text
        main = json["main"]?.text
    }
}

extension JSONValue {
    fileprivate var text: String? { if case .text(let text) = self { text } else { nil } }
}

/// A version of Node.js: `v20.19.0`, or the beginning of one.
struct NodeVersion: Comparable, CustomStringConvertible {
    private let numbers: [Int]

    /// Nil where there are no numbers.
    init?(_ text: some StringProtocol) {
        let parts = text.drop { !$0.isNumber }.prefix { $0.isNumber || $0 == "." }.split(separator: ".")
        let numbers = parts.prefix(3).compactMap { Int($0) }
        if numbers.isEmpty { return nil }
        self.numbers = numbers + Array(repeating: 0, count: 3 - numbers.count)
    }

    static func < (left: NodeVersion, right: NodeVersion) -> Bool { left.numbers.lexicographicallyPrecedes(right.numbers) }

    var description: String { numbers.map(String.init).joined(separator: ".") }
}
