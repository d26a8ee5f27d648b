import Control
import JobKit
import TestSupport
import Testing

@testable import CLI

/// Tables and broken lines with whatever text a job, a server or a file's name may hold.
@Suite("text on a terminal")
struct TextTableTests {
    private static let pieces = [
        "a", "backup", " ", "备份", "每天，", "（一）", "🚀", "👨‍👩‍👧", "❤️", "e\u{301}", "\u{200B}", "ｆ", "\t", "\n", "\r\n", "\u{1b}[31m", "\u{1b}[2J",
        "\u{1b}]0;title\u{7}",
        "\u{9b}5A", "\u{8}", "…", "https://example.com/a/very/long/path", "가",
    ]

    private func words(_ most: Int, _ random: inout SeededRandom) -> String {
        (0..<Int.random(in: 0...most, using: &random)).map { _ in TextTableTests.pieces.randomElement(using: &random) ?? "" }.joined()
    }

    @Test(
        "a row takes no more columns than there are, its columns begin below each other, and nothing in it steers the terminal", arguments: [40, 57, 80, 200])
    func rows(width: Int) {
        var random = SeededRandom(seed: UInt64(width))
        for round in 0..<200 {
            var table = TextTable(["JOB", "状态", "WHAT"], flexible: 2)
            for row in 0..<5 { table.add([.init(String(words(2, &random).prefix(4))), .init("\(row)备"), .init(words(30, &random))]) }
            let lines = table.lines(width: width)
            #expect(lines.count == 6)
            let start = lines.first.flatMap { $0.firstRange(of: "状态") }.map { DisplayWidth.of(lines[0][..<$0.lowerBound]) }
            for (row, line) in lines.enumerated() {
                #expect(DisplayWidth.of(line) <= width, "round \(round): \(line)")
                #expect(!line.unicodeScalars.contains { $0.properties.generalCategory == .control }, "round \(round): \(line.debugDescription)")
                guard row > 0, let second = line.firstRange(of: "\(row - 1)备") else { continue }
                #expect(DisplayWidth.of(line[..<second.lowerBound]) == start, "round \(round): \(lines)")
            }
        }
    }

    @Test("the column that is broken into lines loses nothing, and stays below itself", arguments: [100, 120])
    func broken(width: Int) {
        var table = TextTable(["JOB", "WHAT"], flexible: 1, isWrapping: true)
        let text = String(repeating: "存储了 214 个文件，12.3 MB。", count: 12)
        table.add([.init("每天备份"), .init(text)])
        let lines = table.lines(width: width).dropFirst()
        #expect(lines.count > 2 && lines.allSatisfy { DisplayWidth.of($0) <= width })
        #expect(lines.dropFirst().allSatisfy { $0.hasPrefix(String(repeating: " ", count: 10)) && $0.dropFirst(10).first != " " })
        #expect(lines.joined().filter { $0 != " " } == ("每天备份" + text).filter { $0 != " " })
    }

    @Test("broken lines fit where they can, lose nothing, and never begin with closing punctuation")
    func wrapping() {
        var random = SeededRandom(seed: 3)
        for _ in 0..<500 {
            let text = (0..<40).map { _ in ["备", "份", "，", "。", "（", "）", "「", "」", " ", "ab", "🚀"].randomElement(using: &random) ?? "" }.joined()
            let lines = wrapped(text, width: 40, indent: "  ").split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.joined().filter { $0 != " " } == text.filter { $0 != " " })
            for line in lines.dropFirst() where !text.contains(" \(line.drop { $0 == " " }.prefix(1))") {
                #expect(!"，。）」".contains(line.drop { $0 == " " }.first ?? "x"), "\(lines)")
            }
        }
        let path = "/a/" + String(repeating: "long/", count: 20)
        #expect(wrapped("see \(path) there", width: 40, indent: "") == "see\n\(path)\nthere")
    }

    @Test("a text is cut within its columns, never within a character")
    func cut() {
        for width in 0...12 {
            for text in ["备份数据每天", "👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧", "abcdefghijkl", "e\u{301}e\u{301}e\u{301}", ""] {
                let cut = TextTable.cut(text, to: width)
                #expect(cut == text || (cut.hasSuffix("…") && text.hasPrefix(cut.dropLast())), "\(cut)")
                #expect(DisplayWidth.of(cut) <= max(1, width), "\(cut) in \(width)")
            }
        }
    }

    @Test("what is printed steers no terminal: colours and line breaks stay, all else is taken out")
    func printed() {
        #expect(Console.printable("plain\n备份 é\n") == "plain\n备份 é\n")
        #expect(Console.printable("\u{1b}[32mgood\u{1b}[0m\nnext") == "\u{1b}[32mgood\u{1b}[0m\nnext")
        var random = SeededRandom(seed: 9)
        for _ in 0..<500 {
            let text = words(20, &random)
            let shown = Console.printable(text).replacing(/\u{1b}\[[0-9;]*m/, with: "")
            let steering = shown.unicodeScalars.filter { $0.properties.generalCategory == .control && $0 != "\n" && $0 != "\t" }
            #expect(steering.isEmpty, "\(text.debugDescription)")
        }
    }

    @Test("lines of several jobs are below each other, and forge no other line")
    func logs() {
        var printer = LogPrinter(hasTimes: false, names: ["备份", "app"])
        let lines = [("备份", "one\u{1b}[2J\nfake | # two"), ("app", "three")].map { job, text in
            printer.line(LogEntry(.init(LogLine(at: nil, source: .output, text: text)), job: job, run: 1))
        }
        #expect(lines.allSatisfy { !$0.contains("\n") && !$0.contains("[2J") })
        #expect(
            lines.map { line in line.firstIndex(of: "|").map { DisplayWidth.of(line[..<$0].replacing(/\u{1b}\[[0-9;]*m/, with: "")) } } == [5, 5], "\(lines)")
    }
}
