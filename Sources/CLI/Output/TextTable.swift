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
            max(header[column].count, rows.map { $0[column].text.count }.max() ?? 0)
        }
        let rest = widths.reduce(0, +) - widths[flexible] + 2 * (widths.count - 1)
        widths[flexible] = max(10, min(widths[flexible], width - rest))
        let all = [header.map { Cell($0, .grey) }] + rows
        return all.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let text = TextTable.cut(cell.text, to: widths[column])
                let isLast = column == row.count - 1
                line += Console.paint(text, cell.colour) + (isLast ? "" : String(repeating: " ", count: widths[column] - text.count + 2))
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    static func cut(_ text: String, to width: Int) -> String {
        text.count <= width ? text : text.prefix(max(0, width - 1)) + "…"
    }
}

/// Breaks text at blanks so that it fits a width, each further line indented.
func wrapped(_ text: String, width: Int, indent: String) -> String {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
        if !line.isEmpty, line.count + 1 + word.count > width - indent.count {
            lines.append(line)
            line = String(word)
        } else {
            line += (line.isEmpty ? "" : " ") + word
        }
    }
    lines.append(line)
    return lines.map { indent + $0 }.joined(separator: "\n")
}
