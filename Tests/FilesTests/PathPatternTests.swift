import Files
import Foundation
import TestSupport
import Testing

@Suite("patterns of a .gitignore", .waiting)
struct PathPatternTests {
    private static let patterns = [
        "[[:upper:]]", "x[[:alpha:]]y", "[![:digit:]].t", "[[:nonsense:]]", "[[:space:]]z", "[[:punct:]x]q", "[a-c[:digit:]]k", "trailing\\ ", "trailing ",
        "plain\\\\ ",
        "abc//def", "/abc", "//abc", "abc//", "a[", "[]x]", "[a-]m", "[\\]]n", "[!a-c]o", "[^a-c]p", "**/def", "abc/**", "**/abc/**/def", "abc/*/x",
        "*", "?", "\\!bang", "\\#hash", "#hash", "*.l[ao]g", "a**b", "abc/**/x", "/**", "def/", "!abc", "z\\",
    ]
    private static let names = [
        "A", "b", "x1y", "xay", "1.t", "q.t", " z", "!q", "xq", "bk", "5k", "zk", "trailing ", "trailing", "plain\\", "plain\\ ", "abc/def", "abc/x", "abc/y/x",
        "abc/y/z/x", "a[", "]", "x", "-m", "am", "]n", "do", "ao", "dp", "ap", "def", "d/def", "d/abc/def", "d/abc/e/def", "!bang", "#hash", "a.log", "a.lag",
        "a.leg", "aXYb", "ab", "z\\", "z", "d/def/below",
    ]

    @Test("each pattern matches what git says it does", .limited)
    func agreesWithGit() throws {
        let temporary = TemporaryFolder()
        _ = try Shell.run("git init -q .", folder: temporary.path)
        for (number, name) in Self.names.enumerated() where !Self.names.contains(where: { $0.hasPrefix(name + "/") }) {
            try temporary.write("\(name)", "\(number)")
        }
        let all = try git(temporary, "")
        for pattern in Self.patterns {
            let ignored = all.subtracting(try git(temporary, pattern))
            let ours = all.filter { name in
                guard let parsed = PathPattern(pattern), !parsed.isNegated else { return false }
                return parsed.covers(name.split(separator: "/").map { Array($0.utf8) })
            }
            #expect(ours == ignored, "\(pattern): \(ours.symmetricDifference(ignored).sorted())")
        }
    }

    private func git(_ temporary: TemporaryFolder, _ pattern: String) throws -> Set<String> {
        try FileManager.default.createDirectory(atPath: temporary[".git/info"], withIntermediateDirectories: true)
        try temporary.write(".git/info/exclude", pattern + "\n")
        let output = try Shell.run("git -c core.excludesFile= ls-files -z --others --exclude-standard", folder: temporary.path).output
        return Set(output.split(separator: "\0").map(String.init))
    }

    @Test("many folders for any number of them take time in proportion", .limited)
    func linear() throws {
        let pattern = try #require(PathPattern("**/a/**/b/**/c/**/d/**/e"))
        #expect(!pattern.matches([[UInt8]](repeating: [97], count: 4000), isFolder: false))
    }
}
