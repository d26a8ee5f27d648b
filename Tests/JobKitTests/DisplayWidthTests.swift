import JobKit
import Testing

/// Columns that text takes on a terminal.
@Suite("display width")
struct DisplayWidthTests {
    @Test(
        "columns",
        arguments: [
            ("", 0), ("backup", 6), ("备份", 4), ("每天备份 nightly", 16), ("ｆｕｌｌ", 8), ("가나", 4), ("é", 1), ("e\u{301}", 1), ("🚀", 2), ("❤️", 2), ("👨‍👩‍👧", 2),
            ("→ …", 3), ("\u{200B}a", 1), ("×", 1), ("「」", 4), ("𠮷", 2),
        ])
    func columns(text: String, width: Int) { #expect(DisplayWidth.of(text) == width, "\(text)") }

    @Test("a text is cut before the column that does not fit, never within a character")
    func prefix() {
        #expect(DisplayWidth.prefix("备份数据", fitting: 5) == "备份")
        #expect(DisplayWidth.prefix("a备b", fitting: 3) == "a备" && DisplayWidth.prefix("备", fitting: 1) == "" && DisplayWidth.prefix("abc", fitting: 9) == "abc")
    }
}
