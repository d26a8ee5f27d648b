import Testing

@testable import CLI

/// Text that is broken into lines.
@Suite("broken text")
struct WrappedTests {
    @Test(
        "short text stays as it is, but for blanks at its beginning; ASCII and others alike",
        arguments: ["", "a", "a  b", "  a", "a ", "   ", "a\nb", "2026-11-27 03:00 +08:00"])
    func short(text: String) {
        let wide = text.replacing("a", with: "é")
        #expect(wrapped(text, width: 40, indent: "> ").replacing("a", with: "é") == wrapped(wide, width: 40, indent: "> "))
        #expect(wrapped(text, width: 40, indent: "> ") == "> " + text.drop { $0 == " " })
    }

    @Test("a text of just the width is one line, and one of a column more is two")
    func edge() {
        #expect(wrapped("12345 789", width: 11, indent: "  ") == "  12345 789")
        #expect(wrapped("12345 7890", width: 11, indent: "  ") == "  12345\n  7890")
    }
}
