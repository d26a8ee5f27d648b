import JobKit

/// Columns of text that fit a width: one column is cut, or broken into several lines, where a row is too wide.
struct TextTable {
    struct Cell {
        fileprivate(set) var text: String
        let colour: Console.Colour?

        /// - Parameter text: Becomes one line, without control characters and colours of its own.
        init(_ text: String, _ colour: Console.Colour? = nil) {
            let plain = PrintedText.plain(Array(PrintedText.line(text).utf8))
            self.text = String(decoding: plain, as: UTF8.self).replacing("\t", with: " ")
            self.colour = colour
        }
    }

    private let header: [String]
    /// The column that gives way when a row is too wide.
    private let flexible: Int
    /// Whether that column, which is the last one then, is broken into lines instead of cut.
    private let isWrapping: Bool
    private var rows: [(cells: [Cell], below: String?)] = []

    init(_ header: [String], flexible: Int, isWrapping: Bool = false) {
        self.header = header
        self.flexible = flexible
        self.isWrapping = isWrapping
    }

    /// - Parameter below: What is written in lines of its own below the row, indented and broken.
    mutating func add(_ cells: [Cell], below: String? = nil) { rows.append((cells, below)) }

    func lines(width: Int) -> [String] {
        var widths = header.indices.map { column in
            max(DisplayWidth.of(header[column]), rows.map { DisplayWidth.of($0.cells[column].text) }.max() ?? 0)
        }
        let rest = widths.reduce(0, +) - widths[flexible] + 2 * (widths.count - 1)
        widths[flexible] = max(10, min(widths[flexible], width - rest))
        let all = [(cells: header.map { Cell($0, .grey) }, below: String?.none)] + rows
        return all.flatMap { row in
            let below = row.below.map { wrapped($0, width: width, indent: "    ").split(separator: "\n").map(String.init) } ?? []
            return self.lines(row.cells, widths) + below
        }
    }

    /// The lines of one row.
    private func lines(_ row: [Cell], _ widths: [Int]) -> [String] {
        guard isWrapping, DisplayWidth.of(row[flexible].text) > widths[flexible] else { return [line(row, widths)] }
        let parts = wrapped(row[flexible].text, width: widths[flexible], indent: "").split(separator: "\n").map(String.init)
        let margin = String(repeating: " ", count: widths.dropLast().reduce(0) { $0 + $1 + 2 })
        var first = row
        first[flexible].text = parts.first ?? ""
        return [line(first, widths)] + parts.dropFirst().map { margin + Console.paint($0, row[flexible].colour) }
    }

    private func line(_ row: [Cell], _ widths: [Int]) -> String {
        var line = ""
        for (column, cell) in row.enumerated() {
            let isWhole = isWrapping && column == flexible
            let text = isWhole ? cell.text : TextTable.cut(cell.text, to: widths[column])
            let isLast = column == row.count - 1
            line += Console.paint(text, cell.colour) + (isLast ? "" : String(repeating: " ", count: max(0, widths[column] - DisplayWidth.of(text)) + 2))
        }
        while line.last == " " { line.removeLast() }
        return line
    }

    static func cut(_ text: String, to width: Int) -> String {
        DisplayWidth.of(text) <= width ? text : DisplayWidth.prefix(text, fitting: max(0, width - 1)) + "…"
    }
}

/// Breaks text so that it fits a width in columns, each line indented: at blanks, and next to wide characters, which are written without
/// blanks. A word that is longer than a line stays whole, so that paths and commands can be copied; so does a time with its offset.
func wrapped(_ text: String, width: Int, indent: String) -> String {
    let columns = width - DisplayWidth.of(indent)
    // Most texts are short, and the pattern takes its time.
    if let whole = DisplayWidth.ofASCII(text), whole <= columns { return indent + text.drop { $0 == " " } }
    var (lines, line): ([String], String) = ([], "")
    let joined = text.replacing(#/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}( [+-][0-9]{2}:[0-9]{2})?/#) { $0.output.0.replacing(" ", with: "\u{a0}") }
    for word in joined.split(separator: " ", omittingEmptySubsequences: false) {
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
    return lines.map { indent + $0.replacing("\u{a0}", with: " ") }.joined(separator: "\n")
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
