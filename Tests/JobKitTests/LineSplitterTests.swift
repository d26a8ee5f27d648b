import JobKit
import Testing

@Suite("lines of a process")
struct LineSplitterTests {
    private func lines(_ text: String, longest: Int = 1000, pieces: Int = .max) -> [String] {
        var splitter = LineSplitter(.text, longest: longest)
        var (rest, lines) = (Array(text.utf8)[...], [LineSplitter.Line]())
        while !rest.isEmpty {
            lines += splitter.take(Array(rest.prefix(pieces)))
            rest = rest.dropFirst(pieces)
        }
        return (lines + splitter.finish()).map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    @Test(
        "what a terminal would show of a line is what stays, wherever the bytes are cut",
        arguments: [
            ("plain\n", ["plain"]), ("one\r\ntwo\n", ["one", "two"]), ("one\n\nthree", ["one", "", "three"]), ("", []),
            ("10%\r50%\r100%\n", ["100%"]), ("10%\r50%\r100%\r\n", ["100%"]), ("10%\r50%\r", ["50%"]), ("gone\r\r\nnext\n", ["gone", "next"]),
            ("10%\u{1b}[1G\u{1b}[2K60%\n", ["60%"]), ("10%\u{1b}[0G60%\n", ["60%"]), ("10%\r\u{1b}[K60%\n", ["60%"]), ("|\u{8}/\u{8}-\n", ["-"]),
            ("日\u{8}月\n", ["月"]),
            ("\u{1b}]0;title\u{7}visible\n", ["visible"]), ("\u{1b}]0;title\u{1b}\\visible\n", ["visible"]), ("\u{1b}Pdevice\u{1b}\\visible\n", ["visible"]),
            ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\\n", ["link"]), ("\u{1b}]0;never ended\nnext\n", ["", "next"]),
            ("\u{1b}[2J\u{1b}[10;10Hx\u{1b}[?25l\n", ["x"]), ("a\u{1b}7b\u{1b}(Bc\u{1b}cd\n", ["abcd"]), ("\u{9d}0;title\u{7}x\u{9b}2Jy\n", ["xy"]),
            ("\u{1b}[31mred\nplain\n", ["\u{1b}[31mred\u{1b}[0m", "plain"]), ("\u{1b}[1;31mred\u{1b}[0m\n", ["\u{1b}[1;31mred\u{1b}[0m"]),
            ("\u{1b}[32mok\u{1b}[m\n", ["\u{1b}[32mok\u{1b}[m"]),
            ("old\r\u{1b}[32mnew\u{1b}[0m\n", ["\u{1b}[32mnew\u{1b}[0m"]), ("a\u{0}b\u{7}c\u{b}d\n", ["a bc d"]), ("half\u{1b}", ["half"]),
            ("half\u{1b}[3", ["half"]),
            ("nbsp\u{a0}stays\n", ["nbsp\u{a0}stays"]), ("\u{1b}[31\nm\n", ["", "m"]),
        ] as [(String, [String])])
    func shown(text: String, expected: [String]) {
        for pieces in [1, 2, 3, 5, .max] { #expect(lines(text, pieces: pieces) == expected, "\(text.debugDescription) in pieces of \(pieces)") }
    }

    @Test("a long line is cut between characters, and nothing of it is lost", arguments: [1, 7, 4096, .max], ["日", "😀", "é", "x", "a日b😀"])
    func long(pieces: Int, character: String) {
        let text = String(repeating: character, count: 5000)
        let parts = lines(text + "\n", longest: 100, pieces: pieces)
        #expect(parts.joined() == text)
        #expect(parts.allSatisfy { $0.utf8.count <= 108 && !$0.contains("\u{fffd}") })
    }

    @Test("bytes that are no characters come through, and a colour is never cut")
    func odd() {
        var splitter = LineSplitter(.text, longest: 64)
        let bytes = [UInt8](repeating: 0x80, count: 10_000)
        #expect((splitter.take(bytes + [10])).flatMap(\.bytes) == bytes)
        let coloured = lines(String(repeating: "\u{1b}[31mx", count: 20) + "\n", longest: 64)
        for part in coloured {
            #expect(part.replacing("\u{1b}[31m", with: "").replacing("\u{1b}[0m", with: "").allSatisfy { $0 == "x" }, "\(part.debugDescription)")
            #expect(!part.contains("\u{1b}") || part.hasSuffix("\u{1b}[0m"))
        }
    }

    @Test("data is left as it is, and a line that is too long says so")
    func data() {
        var splitter = LineSplitter(.data, longest: 100)
        let odd: [UInt8] = [0x1b, 0x5b, 0x32, 0x4a, 13, 0, 0xc2, 0x9b]
        let line = splitter.take(odd + [10])
        #expect(line.map(\.bytes) == [odd] && line.map(\.isEnd) == [true])
        #expect(splitter.take([UInt8](repeating: 120, count: 1000)).first?.isEnd == false)
    }

    /// Counts what is done rather than the time it takes.
    @Test("without a newline the work grows with the bytes, not with their square", arguments: [0, 100, 50_000])
    func linear(held: Int) {
        func work(_ megabytes: Int) -> Int {
            let seen = Counter()
            var splitter = LineSplitter(.text, longest: 16 << 10, held: held) {
                seen.add($0.count)
                return $0
            }
            let chunk = [UInt8](repeating: 120, count: 65_536)
            var handed = 0
            for _ in 0..<(megabytes * 16) { handed += splitter.take(chunk).reduce(0) { $0 + $1.bytes.count } }
            handed += splitter.finish().reduce(0) { $0 + $1.bytes.count }
            #expect(handed == megabytes << 20)
            return seen.count
        }
        let (one, two) = (work(4), work(8))
        #expect(two < one * 2 + one / 4 && one < 16 << 20)
    }

    private final class Counter: @unchecked Sendable {
        // One test uses it on one thread.
        private(set) var count = 0
        func add(_ more: Int) { count += more }
    }
}
