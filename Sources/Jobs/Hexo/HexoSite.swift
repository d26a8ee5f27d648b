import Foundation
import JobKit

/// A Hexo site as it lies on disk, and what it needs before it can be built.
struct HexoSite {
    let folder: String
    /// The program to build with, where somebody named one.
    let named: String?

    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    private func text(_ name: String) -> String? { FileManager.default.contents(atPath: "\(folder)/\(name)").map { String(decoding: $0, as: UTF8.self) } }

    /// Whether Hexo itself lies where Node looks for it: in the site's folder or above it.
    var hasHexo: Bool {
        var place = folder
        while true {
            if exists("\(place)/node_modules/hexo") { return true }
            if place == "/" { return false }
            place = URL(fileURLWithPath: place).deletingLastPathComponent().path
        }
    }

    /// Ends where this is no site at all: Hexo itself would print its help and call that a success.
    func check() throws(JobError) {
        guard exists(folder) else {
            throw JobError("the site's folder \(folder) does not exist", hint: "correct \"site\", or let a restore bring it back first")
        }
        guard let package = text("package.json") else { throw JobError("\(folder) is no Hexo site: it has no package.json", hint: "correct \"site\"") }
        let json = try? JSONSerialization.jsonObject(with: Data(package.utf8)) as? [String: Any]
        guard json?["hexo"] is [String: Any] else {
            throw JobError("\(folder) is no Hexo site: its package.json has no \"hexo\"", hint: "make one with hexo init, or add \"hexo\": {} to it")
        }
        guard exists("\(folder)/_config.yml") else { throw JobError("\(folder) has no _config.yml", hint: "every Hexo site has one") }
    }

    /// The oldest Node.js that the site's Hexo runs on, as it says itself.
    var neededNode: NodeVersion? {
        guard let data = FileManager.default.contents(atPath: "\(folder)/node_modules/hexo/package.json"),
            let package = try? JSONSerialization.jsonObject(with: data) as? [String: Any], let engines = package["engines"] as? [String: Any],
            let rule = engines["node"] as? String, rule.hasPrefix(">=")
        else { return nil }
        return NodeVersion(rule.dropFirst(2))
    }

    /// The site's own program, else the one on the PATH.
    var program: String {
        if let named { return named }
        let own = "\(folder)/node_modules/.bin/hexo"
        return exists(own) ? own : "hexo"
    }

    /// Where the built site lies.
    var output: String {
        let name = setting("public_dir") ?? "public"
        return name.hasPrefix("/") ? name : "\(folder)/\(name)"
    }

    /// What Hexo and its deployers write in the site's folder.
    var outputs: [String] {
        [output] + ["db.json", "_multiconfig.yml", "package.json", ".deploy_git", "source/_data/public_md5.json", "debug.log"].map { "\(folder)/\($0)" }
    }

    /// A plain setting at the top of the site's own configuration.
    private func setting(_ key: String) -> String? {
        for line in (text("_config.yml") ?? "").split(whereSeparator: \.isNewline) where line.hasPrefix("\(key):") {
            let value = line.dropFirst(key.count + 1).prefix { $0 != "#" }.filter { $0 != "\"" && $0 != "'" }
            let trimmed = value.split(separator: " ").joined(separator: " ")
            return trimmed.isEmpty ? nil : trimmed
        }
        return nil
    }

    /// Settings that make every page change each time, or its address depend on the machine.
    var warnings: [String] {
        var found: [String] = []
        if setting("updated_option").map({ $0 == "mtime" }) ?? true {
            let what = setting("updated_option") == nil ? "has no updated_option, which means mtime" : "has updated_option: mtime"
            found.append("_config.yml \(what): after a restore every page may count as changed; write updated_option: date")
        }
        if setting("timezone") == nil { found.append("_config.yml has no timezone: dates in addresses follow the machine's; write one such as Asia/Shanghai") }
        return found
    }
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
