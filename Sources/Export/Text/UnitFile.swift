/// A unit file of systemd.
struct UnitFile {
    struct Section {
        var name: String
        var lines: [String] = []

        init(_ name: String, _ settings: [(String, String?)]) {
            self.name = name
            lines = settings.compactMap { key, value in value.map { "\(key)=\($0)" } }
        }
    }

    var comments: [String]
    var sections: [Section]

    var text: String {
        comments.map { "# \($0)\n" }.joined()
            + sections.filter { !$0.lines.isEmpty }.map { "[\($0.name)]\n" + $0.lines.map { $0 + "\n" }.joined() }.joined(separator: "\n")
    }

    /// A word of a command or of a list of variables. See systemd.syntax(7): a percent sign begins a specifier.
    static func quoted(_ word: String, _ more: (String) -> String = { $0 }) -> String {
        let text = SecretText(word).written(escape: { more($0.replacing("%", with: "%%")) }, reference: { "${\($0)}" })
        let isPlain = !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-./+=@%:,${}".contains($0)) }
        if isPlain { return text }
        let inner = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n").replacing("\t", with: "\\t")
        return "\"\(inner)\""
    }

    /// A command line, in which variables of the unit are put in.
    static func command(_ words: [String]) -> String { words.map { quoted($0) { $0.replacing("$", with: "$$") } }.joined(separator: " ") }
}
