/// What the files in a folder reveal about the app and its platform, for the defaults of `init`'s questions. Pure.
package struct Detection: Equatable, Sendable {
    /// Nil where no file indicates one.
    package var platform: Hosting?
    /// The file that indicates the platform, for messages.
    package var sign: String?
    /// The name of a known app that a Dockerfile, a `package.json` or a platform's file mentions; nil for none.
    package var app: String?
    /// The port that the platform's file names.
    package var port: Int?

    /// Names of the files that are worth reading, directly in the folder.
    package static let files = signs.map(\.file) + ["README.md", "Dockerfile", "package.json"]

    private static let signs: [(file: String, platform: Hosting)] = [
        ("ms_deploy.json", .modelscope), ("fly.toml", .fly), ("render.yaml", .render), ("railway.json", .railway), ("railway.toml", .railway),
        ("compose.yaml", .compose), ("compose.yml", .compose), ("docker-compose.yaml", .compose), ("docker-compose.yml", .compose),
    ]

    /// - Parameter texts: Contents of those of `files` that exist, by name.
    package init(_ texts: [String: String]) {
        if let head = texts["README.md"].flatMap(Detection.frontMatter), head.contains(where: { $0.key == "sdk" }) {
            (platform, sign) = (.huggingface, "README.md")
            port = head["app_port"].flatMap { Int($0) }
        } else if let found = Detection.signs.first(where: { texts[$0.file] != nil }) {
            (platform, sign) = (found.platform, found.file)
        }
        let all = texts.filter { $0.key != "README.md" }.values.map { $0.lowercased() }
        app = ["openclaw", "n8n", "uptime-kuma"].first { name in all.contains { $0.contains(name) } }
    }

    /// The keys at the head of a page, between two lines of dashes; nil where it has none.
    private static func frontMatter(_ text: String) -> [String: String]? {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") else { return nil }
        var keys: [String: String] = [:]
        for line in lines[1..<end] {
            guard let colon = line.firstIndex(of: ":"), line.first?.isWhitespace == false else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            keys[String(line[..<colon])] = String(value)
        }
        return keys
    }
}
