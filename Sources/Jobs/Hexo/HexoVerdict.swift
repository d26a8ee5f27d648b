import Files
import Foundation
import JobKit
import Publishing

/// What Hexo has said of a build: it exits with 0 though pages are broken.
struct HexoReport: Sendable {
    private static let mostErrors = 20

    private(set) var errors: [String] = []
    /// How many files it says it has written; nil where it never came to that.
    private(set) var generated: Int?

    mutating func hear(_ line: String) {
        if line.hasPrefix("ERROR ") || line.hasPrefix("FATAL ") {
            if errors.count < HexoReport.mostErrors { errors.append(line) }
            return
        }
        // INFO  214 files generated in 1.2 s
        let words = line.split(separator: " ")
        if words.count >= 4, words[0] == "INFO", words[2].hasPrefix("file"), words[3] == "generated" { generated = Int(words[1]) }
    }
}

/// Whether a built site may take the place of the one that is there.
enum HexoVerdict {
    /// - Parameters:
    ///   - before: How many pages the last good build had.
    ///   - minShare: The least of those that this one must have, in per cent.
    /// - Returns: The number of pages.
    static func pages(of output: String, before: Int?, minShare: Int) async throws(JobError) -> Int {
        let scan: SiteScan
        do throws(SiteError) {
            scan = try await OwnThread.run { flag throws(SiteError) in try SiteScan(output, flag) }
        } catch {
            throw JobError(error.message, hint: error.hint)
        }
        let front = scan.files.first { $0.key == "index.html" }
        guard let front, front.size > 0 else {
            throw JobError(
                "the build has no front page: index.html is \(front == nil ? "missing" : "empty")",
                hint: "is the theme there? A theme as a git submodule must be fetched")
        }
        let empty = scan.files.filter { $0.size == 0 && [".html", ".css", ".js"].contains(where: $0.key.hasSuffix) }
        if let first = empty.first {
            throw JobError(
                "\(empty.count.counted("file")) of the build \(empty.count == 1 ? "is" : "are") empty, such as \(first.key): a template or a style failed",
                hint: "see the log for lines with ERROR")
        }
        let pages = scan.files.count { $0.key.hasSuffix(".html") && $0.key != "404.html" }
        if let before, pages * 100 < before * minShare {
            throw JobError(
                "the build has \(pages.counted("page")), and the last one had \(before)",
                hint: "if that is right, set min_share to \(max(0, pages * 100 / max(1, before))) for once")
        }
        return pages
    }
}
