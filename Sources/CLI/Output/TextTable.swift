import JobKit

/// Columns of text that fit a width: one column is cut, or broken into several lines, where a row is too wide.
struct TextTable {
    struct Cell {
        let text: String
        /// In columns of a terminal.
        fileprivate let width: Int
        let colour: Console.Colour?

        /// - Parameter text: Becomes one line, without control characters and colours of its own.
        init(_ text: String, _ colour: Console.Colour? = nil) {
            self.text = PrintedText.isSpecial(text, besides: UInt8(ascii: "\t")) ? Cell.plain(text) : text
            width = DisplayWidth.of(self.text)
            self.colour = colour
        }

        private static func plain(_ text: String) -> String {
            String(decoding: PrintedText.plain(Array(PrintedText.line(text).utf8)), as: UTF8.self).replacing("\t", with: " ")
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
            max(DisplayWidth.of(header[column]), rows.reduce(0) { max($0, $1.cells[column].width) })
        }
        let rest = widths.reduce(0, +) - widths[flexible] + 2 * (widths.count - 1)
        widths[flexible] = max(10, min(widths[flexible], width - rest))
        let all = [(cells: header.map { Cell($0, .grey) }, below: String?.none)] + rows
        return all.flatMap { row in
            let below = row.below.map { wrappedLines($0, width: width, indent: "    ").filter { !$0.isEmpty } } ?? []
            return self.lines(row.cells, widths) + below
        }
    }

    /// The lines of one row.
    private func lines(_ row: [Cell], _ widths: [Int]) -> [String] {
        guard isWrapping, row[flexible].width > widths[flexible] else { return [line(row, widths)] }
        let parts = wrappedLines(row[flexible].text, width: widths[flexible], indent: "").filter { !$0.isEmpty }
        let margin = String(repeating: " ", count: widths.dropLast().reduce(0) { $0 + $1 + 2 })
        var first = row
        first[flexible] = Cell(parts.first ?? "", row[flexible].colour)
        return [line(first, widths)] + parts.dropFirst().map { margin + Console.paint($0, row[flexible].colour) }
    }

    private func line(_ row: [Cell], _ widths: [Int]) -> String {
        var line = ""
        for (column, cell) in row.enumerated() {
            let isWhole = isWrapping && column == flexible || cell.width <= widths[column]
            let shown = isWhole ? cell : Cell(TextTable.cut(cell.text, to: widths[column]), cell.colour)
            line += Console.paint(shown.text, shown.colour)
            if column < row.count - 1 { line += String(repeating: " ", count: max(0, widths[column] - shown.width) + 2) }
        }
        while line.utf8.last == UInt8(ascii: " ") { line.removeLast() }
        return line
    }

    static func cut(_ text: String, to width: Int) -> String {
        DisplayWidth.of(text) <= width ? text : DisplayWidth.prefix(text, fitting: max(0, width - 1)) + "…"
    }
}

/// Breaks text so that it fits a width in columns, each line indented: at blanks, and next to wide characters, which are written without
/// blanks. A word that is longer than a line stays whole, so that paths and commands can be copied; so does a time with its offset.
func wrapped(_ text: String, width: Int, indent: String) -> String { wrappedLines(text, width: width, indent: indent).joined(separator: "\n") }

/// The same, line by line.
func wrappedLines(_ text: String, width: Int, indent: String) -> [String] {
    let columns = width - DisplayWidth.of(indent)
    // Most texts are short, and the pattern takes its time.
    if let whole = DisplayWidth.ofASCII(text), whole <= columns, text.utf8.first != UInt8(ascii: " "), !PrintedText.isSpecial(text) { return [indent + text] }
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
    return lines.flatMap { (indent + $0.replacing("\u{a0}", with: " ")).split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }
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
