/// A file of sections with `key=value`, as supervisord and systemd write it.
struct INIFile {
    struct Setting {
        let key: String
        let value: String
        /// The line of its key.
        let line: Int
    }

    struct Section {
        let name: String
        let line: Int
        var settings: [Setting] = []

        /// The last setting of a key.
        func last(_ key: String) -> Setting? { settings.last { $0.key == key } }
        func all(_ key: String) -> [Setting] { settings.filter { $0.key == key } }
    }

    /// How a value continues in further lines.
    enum Form {
        /// In lines that begin with a blank; ` ;` begins a comment.
        case python
        /// After a backslash at the end of a line.
        case unit
    }

    private(set) var sections: [Section] = []
    /// Lines that are neither a section nor a setting.
    private(set) var others: [Int] = []

    func section(_ name: String) -> Section? { sections.first { $0.name == name } }

    init(_ file: ImportSource.File, _ form: Form) {
        var open: (key: String, value: String, line: Int)?
        for (index, raw) in file.lines.enumerated() {
            let text = raw.trimmingBlanks
            if form == .unit, let begun = open, begun.value.hasSuffix("\\") {
                if text.hasPrefix("#") || text.hasPrefix(";") { continue }
                open = (begun.key, begun.value.dropLast().trimmingBlanks + " " + text, begun.line)
                continue
            }
            if form == .python, let begun = open, raw.first?.isWhitespace == true, !text.isEmpty {
                open = (begun.key, begun.value + "\n" + INIFile.withoutComment(text), begun.line)
                continue
            }
            close(&open)
            if text.isEmpty || text.hasPrefix("#") || text.hasPrefix(";") { continue }
            if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
                sections.append(Section(name: String(text[text.index(after: text.startIndex)..<end]), line: index + 1))
            } else if let equals = text.firstIndex(where: { $0 == "=" || (form == .python && $0 == ":") }), !sections.isEmpty {
                let value = text[text.index(after: equals)...].trimmingBlanks
                open = (text[..<equals].trimmingBlanks, form == .python ? INIFile.withoutComment(value) : value, index + 1)
            } else {
                others.append(index + 1)
            }
        }
        close(&open)
    }

    private mutating func close(_ open: inout (key: String, value: String, line: Int)?) {
        if let done = open { sections[sections.count - 1].settings.append(Setting(key: done.key, value: done.value, line: done.line)) }
        open = nil
    }

    private static func withoutComment(_ value: String) -> String {
        guard let found = value.firstRange(of: /\s;/) else { return value }
        return value[..<found.lowerBound].trimmingBlanks
    }
}
