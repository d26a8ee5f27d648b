import JobKit
import Testing

/// A line of output that shows something.
@Suite("line patterns")
struct LinePatternTests {
    @Test(
        "words, with * for any text",
        arguments: [
            ("Ready to accept", "1:M 27 Nov * Ready to accept connections", true), ("ready", "Ready", false), ("a*c", "xxabbbcxx", true),
            ("a*c", "c a", false), ("*ready", "ready", true), ("ab*ba", "aba", false), ("[a-z]+", "abc", false), ("端口*就绪", "端口 80 已就绪", true),
        ])
    func fits(pattern: String, line: String, isFit: Bool) throws {
        #expect(try #require(LinePattern(pattern)).fits(Array(line.utf8)) == isFit)
    }

    @Test("what every line would fit is not a pattern")
    func empty() { #expect(LinePattern("") == nil && LinePattern("***") == nil) }

    @Test("a line is found however it is cut, in one stream, without its colours, and not beyond its end")
    func watch() throws {
        func found(_ pieces: [(String, LogStream)], _ pattern: String = "now ready") throws -> Bool {
            var watch = LineWatch(try #require(LinePattern(pattern)))
            return pieces.map { watch.take(Array($0.0.utf8), $0.1) }.contains(true)
        }
        #expect(try found([("it is now re", .standardOutput), ("ady\n", .standardOutput)]))
        #expect(try !found([("it is now re", .standardOutput), ("ady\n", .standardError)]))
        #expect(try !found([("it is now ready", .standardOutput)]), "the line may go on")
        #expect(try !found([("now\nready\n", .standardOutput)]))
        #expect(try found([("\u{1B}[32mnow\u{1B}[0m ready\n", .standardError)]))
        let far = String(repeating: "x", count: 20_000)
        #expect(try !found([("\(far)now ready\n", .standardOutput)]))
        #expect(try found([("\(far)\nnow ready\n", .standardOutput)]))
    }
}
