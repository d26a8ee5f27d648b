import Config
import Foundation
import HTTPClient
import JobKit
import Jobs
import Settings
import TestSupport
import Testing

/// Everything that people read: links lead somewhere, tables are whole, and every configuration in it is valid.
@Suite("documentation")
struct DocumentationTests {
    private struct Page: CustomTestStringConvertible {
        var path: String
        var text: String
        var testDescription: String { path }
        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

        /// The lines outside code blocks, with their numbers.
        var prose: [(number: Int, text: Substring)] {
            var isCode = false
            return lines.enumerated().compactMap { index, line in
                if line.drop(while: { $0 == " " }).hasPrefix("```") {
                    isCode.toggle()
                    return nil
                }
                return isCode ? nil : (index + 1, line)
            }
        }

        /// The anchors of its headings, as GitHub makes them, and those that it sets itself.
        var anchors: Set<String> {
            let headings = prose.filter { $0.text.hasPrefix("#") }.map { _, line in
                let title = line.drop { $0 == "#" }.drop { $0 == " " }.lowercased()
                return String(title.filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }.map { $0 == " " ? "-" : $0 })
            }
            return Set(headings + text.matches(of: /<a (?:id|name)="([^"]+)"/).map { String($0.output.1) })
        }
    }

    private static let pages: [Page] = {
        let roots = ["README.md", "README.zh-CN.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs", "Examples", "Plugins"]
        return roots.flatMap { root -> [Page] in
            let start = SourceTree.root + "/" + root
            let below = (FileManager.default.enumerator(atPath: start)?.allObjects as? [String] ?? []).filter { $0.hasSuffix(".md") }
            let paths = root.hasSuffix(".md") ? [root] : below.map { "\(root)/\($0)" }
            return paths.sorted().compactMap { path in
                (try? String(contentsOfFile: SourceTree.root + "/" + path, encoding: .utf8)).map { Page(path: path, text: $0) }
            }
        }
    }()

    /// The types that are compiled in, and those of the plug-ins in the box that pages use, whose settings are looked at elsewhere.
    private static let catalog: JobCatalog = {
        var catalog = BuiltInJobs.catalog(http: CurlClient(), now: { Date(timeIntervalSince1970: 1_790_000_000) })
        for name in ["webhook", "feishu-card", "notify"] {
            catalog.add(
                JobCatalog.Entry(
                    typeName: name, about: name, isService: false, usualTimeout: nil, canDryRun: false, shapes: { [] },
                    decode: { reader in
                        for entry in reader.allEntries { _ = reader.node(SettingShape(entry.key, "", .anything)) }
                        return .job(ScriptedJob { _ in RunReport(summary: "") })
                    }))
        }
        return catalog
    }()

    @Test("every link within the repository leads somewhere")
    func links() throws {
        #expect(DocumentationTests.pages.count > 20)
        for page in DocumentationTests.pages {
            for (number, line) in page.prose {
                for match in line.matches(of: /\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)/) {
                    let (path, anchor) = (String(match.output.1), match.output.2.map(String.init))
                    let folder = URL(fileURLWithPath: SourceTree.root + "/" + page.path).deletingLastPathComponent()
                    let target = path.isEmpty ? SourceTree.root + "/" + page.path : folder.appendingPathComponent(path).standardizedFileURL.path
                    #expect(FileManager.default.fileExists(atPath: target), "\(page.path):\(number): \(path)")
                    guard let anchor, target.hasSuffix(".md"), let text = try? String(contentsOfFile: target, encoding: .utf8) else { continue }
                    let found = Page(path: target, text: text).anchors.contains(anchor.removingPercentEncoding ?? anchor)
                    #expect(found, "\(page.path):\(number): \(path)#\(anchor)")
                }
            }
        }
    }

    @Test("the rows of a table have as many cells as its head")
    func tables() {
        for page in DocumentationTests.pages {
            var cells: Int?
            for (number, line) in page.prose {
                guard line.hasPrefix("|") else {
                    cells = nil
                    continue
                }
                let count = line.replacing("\\|", with: "").replacing(/`[^`]*`/, with: "").count { $0 == "|" }
                #expect(cells == nil || cells == count, "\(page.path):\(number): \(line.prefix(60))")
                cells = cells ?? count
            }
        }
    }

    @Test("every configuration that is a whole file is valid")
    func configurations() {
        var found = 0
        for page in DocumentationTests.pages {
            for match in page.text.matches(of: /(?ms)^```yaml\n(.*?)^```/) {
                let text = String(match.output.1)
                guard text.contains(/(?m)^version: 1$/), text.contains(/(?m)^jobs:$/) else { continue }
                found += 1
                do throws(ConfigurationError) {
                    let environment = ["HF_DATASET": "a/b", "SHIPKEEPER_PUBLIC_URL": "https://app.example.com", "HOME": "/root"]
                    let reader = ConfigurationReader(catalog: DocumentationTests.catalog, environment: environment, isOffline: true)
                    let warnings = try reader.read(text, file: page.path).warnings.filter { warning in
                        // What depends on the machine.
                        !["environment variable", "is not there"].contains { warning.message.contains($0) }
                    }
                    #expect(warnings.isEmpty, "\(page.path): \(warnings)")
                } catch {
                    Issue.record("\(page.path): \(error.problems.map(\.description))\n\(text)")
                }
            }
        }
        #expect(found > 12)
    }

    @Test("a page and its translation have the same parts")
    func translations() {
        for page in DocumentationTests.pages where page.path.hasSuffix(".zh-CN.md") {
            let original = page.path.replacing(".zh-CN.md", with: ".md")
            guard let other = DocumentationTests.pages.first(where: { $0.path == original }) else {
                Issue.record("\(page.path) is the translation of nothing")
                continue
            }
            func levels(_ page: Page) -> [Int] { page.prose.filter { $0.text.hasPrefix("#") }.map { $0.text.prefix { $0 == "#" }.count } }
            #expect(levels(page) == levels(other), "\(page.path) and \(original)")
        }
    }
}
