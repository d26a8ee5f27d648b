import JobKit

/// Columns of text, cut to fit a width. The last column but one gives way first.
struct TextTable {
    struct Cell {
        var text: String
        var colour: Console.Colour?

        init(_ text: String, _ colour: Console.Colour? = nil) {
            self.text = text
            self.colour = colour
        }
    }

    private let header: [String]
    /// The column that is cut when a row is too wide.
    private let flexible: Int
    private var rows: [[Cell]] = []

    init(_ header: [String], flexible: Int) {
        self.header = header
        self.flexible = flexible
    }

    mutating func add(_ cells: [Cell]) { rows.append(cells) }

    func lines(width: Int) -> [String] {
        var widths = header.indices.map { column in
            max(DisplayWidth.of(header[column]), rows.map { DisplayWidth.of($0[column].text) }.max() ?? 0)
        }
        let rest = widths.reduce(0, +) - widths[flexible] + 2 * (widths.count - 1)
        widths[flexible] = max(10, min(widths[flexible], width - rest))
        let all = [header.map { Cell($0, .grey) }] + rows
        return all.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let text = TextTable.cut(cell.text, to: widths[column])
                let isLast = column == row.count - 1
                line += Console.paint(text, cell.colour) + (isLast ? "" : String(repeating: " ", count: max(0, widths[column] - DisplayWidth.of(text)) + 2))
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    static func cut(_ text: String, to width: Int) -> String {
        DisplayWidth.of(text) <= width ? text : DisplayWidth.prefix(text, fitting: max(0, width - 1)) + "…"
    }
}

/// Breaks text so that it fits a width in columns, each line indented: at blanks, and next to wide characters, which are written without
/// blanks. A word that is longer than a line stays whole, so that paths and commands can be copied.
func wrapped(_ text: String, width: Int, indent: String) -> String {
    let columns = width - DisplayWidth.of(indent)
    var (lines, line): ([String], String) = ([], "")
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
        for (index, piece) in pieces(of: word).enumerated() {
            let blank = index == 0 && !line.isEmpty ? " " : ""
            if !line.isEmpty, DisplayWidth.of(line) + blank.count + DisplayWidth.of(piece) > columns {
                lines.append(line)
                line = piece
            } else {
                line += blank + piece
            }
        }
    }
    lines.append(line)
    return lines.map { indent + $0 }.joined(separator: "\n")
}

/// Parts of a word between which a line may end: after each wide character, unless closing punctuation follows.
private func pieces(of word: Substring) -> [String] {
    var pieces = [""]
    for character in word {
        if let last = pieces.last?.last, DisplayWidth.of(last) == 2 || DisplayWidth.of(character) == 2, !"，。；：！？、）》」』”’,.;:!?)".contains(character),
            !"（《「『“‘(".contains(last)
        {
            pieces.append("")
        }
        pieces[pieces.count - 1].append(character)
    }
    return pieces
}
