import Foundation

/// A Hexo site in the state in which `hexo init` leaves one, with a stand-in for Hexo. See `StandInHexo/hexo`.
package struct StandInHexo: Sendable {
    package static let renderers = ["hexo-renderer-ejs", "hexo-renderer-marked", "hexo-renderer-stylus"]

    package let folder: TemporaryFolder
    /// The site's folder below the test's.
    package let name: String
    package var path: String { folder[name] }

    /// - Parameter posts: So many posts, `p0` and on, each with a date.
    package init(in folder: TemporaryFolder, name: String = "blog", posts: Int = 5) throws {
        (self.folder, self.name) = (folder, name)
        try setPackages(StandInHexo.renderers)
        try write("node_modules/hexo/package.json", #"{"name": "hexo", "version": "8.1.2"}"#)
        try FileManager.default.createDirectory(atPath: "\(path)/node_modules/.bin", withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: SourceTree.root + "/Tests/TestSupport/StandInHexo/hexo", toPath: "\(path)/node_modules/.bin/hexo")
        for name in StandInHexo.renderers { try install(name) }
        try write("_config.yml", "title: x\nupdated_option: date\ntimezone: Asia/Shanghai\ntheme: plain\n")
        try write("_config.plain.yml", "banner: one.png\n")
        for (name, text) in [
            "layout.ejs": "<html><head><title><%= title %></title><link href='/css/style.css'></head><%- body %><i><%= recent %></i></html>\n",
            "post.ejs": "<article data-id='<%= id %>' data-updated='<%= updated %>'><%- body %></article>",
            "index.ejs": "<main data-id='<%= id %>'><%- body %></main>",
            "page.ejs": "<main><%- body %></main>", "archive.ejs": "<ul><%- body %></ul>",
        ] { try write("themes/plain/layout/\(name)", text) }
        try write("themes/plain/source/css/style.styl", "@import 'base'\nbody { background: $banner }\n")
        try write("themes/plain/source/css/_base.styl", "a { color: red }\n")
        try write("themes/plain/source/js/app.js", "go()")
        for index in 0..<posts { try writePost("p\(index)", "text \(index)") }
        try write("source/about/index.md", "---\ntitle: about\n---\nme")
        try write("source/404.md", "---\ntitle: lost\n---\nlost")
    }

    package func write(_ file: String, _ text: String) throws { try folder.write("\(name)/\(file)", text) }

    package func read(_ file: String) -> String? { folder.read("\(name)/\(file)") }

    package func writePost(_ slug: String, _ text: String, date: String = "2026-01-02 10:00:00") throws {
        try write("source/_posts/\(slug).md", "---\ntitle: \(slug)\ndate: \(date)\n---\n\(text)\n")
    }

    /// Names packages in `package.json`, without installing them.
    package func setPackages(_ names: [String], forDevelopment others: [String] = []) throws {
        func list(_ names: [String]) -> String { names.map { "\"\($0)\": \"^1.0.0\"" }.joined(separator: ", ") }
        try write(
            "package.json",
            #"{"name": "s", "private": true, "hexo": {"version": "8.1.2"}, "dependencies": {"hexo": "^8.0.0", \#(list(names))}, "devDependencies": {\#(list(others))}}"#
        )
    }

    package func install(_ package: String, main: String = "module.exports = 1") throws {
        try write("node_modules/\(package)/package.json", "{\"name\": \"\(package)\", \"main\": \"index.js\"}")
        try write("node_modules/\(package)/index.js", main)
    }

    /// Takes a package away, into a folder beside the site.
    package func uninstall(_ package: String) throws { try run("mkdir -p ../away; rm -rf ../away/\(package); mv node_modules/\(package) ../away/") }

    package func reinstall(_ package: String) throws { try run("mv ../away/\(package) node_modules/") }

    /// A line of shell in the site's folder.
    @discardableResult
    package func run(_ line: String) throws -> Shell.Result { try Shell.run(line, folder: path) }

    /// How the stand-in was called, oldest first.
    package var calls: [String] { (read(".hexo-calls") ?? "").split(separator: "\n").map(String.init) }
}
