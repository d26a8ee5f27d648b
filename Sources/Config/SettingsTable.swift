package import Settings

/// The settings of a job type as a table in Markdown, from the same definitions that decode them: what the pages in `docs/jobs` show.
///
/// Keys within a group follow it, with a dot between; `*` stands for a name of the user's choice.
package struct SettingsTable {
    private let shapes: [SettingShape]
    /// The most names of a choice that are all listed, and how many of a longer one are.
    private let mostNames = 8
    private let fewNames = 3

    /// - Parameter shapes: The keys of one group, in the order of the rows.
    package init(_ shapes: [SettingShape]) { self.shapes = shapes }

    /// The table, without a line break at its end. Keys are not escaped: they are ours.
    package var text: String {
        (["| key | type | required | default | meaning |", "|---|---|---|---|---|"] + rows(shapes, below: "")).joined(separator: "\n")
    }

    private func rows(_ shapes: [SettingShape], below path: String) -> [String] {
        shapes.flatMap { shape -> [String] in
            let fallback = shape.defaultText.map { "`\($0)`" } ?? ""
            let cells = ["`\(path)\(shape.key)`", type(shape.kind), shape.isRequired ? "yes" : "", fallback, meaning(shape.about)]
            let row = "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
            return [row.replacing("|  |", with: "| |").replacing("|  |", with: "| |")] + inner(shape.kind, below: path + shape.key)
        }
    }

    /// Names in quotes become code.
    private func meaning(_ about: String) -> String { about.replacing(/"([^" ]+)"/) { "`\($0.output.1)`" } }

    /// The rows of the groups that may be there.
    private func inner(_ kind: SettingShape.Kind, below path: String) -> [String] {
        switch kind {
        case .section(let shapes): rows(shapes, below: path + ".")
        case .map(let element): inner(element, below: path + ".*")
        case .list(let element): inner(element, below: path + "[]")
        case .either(let kinds): kinds.flatMap { inner($0, below: path) }
        case .text, .pattern, .integer, .boolean, .duration, .size, .choice, .anything, .nothing: []
        }
    }

    private func type(_ kind: SettingShape.Kind) -> String {
        switch kind {
        case .text: "text"
        case .pattern(_, let form): form
        case .integer(let range): "integer \(range.lowerBound)–\(range.upperBound)"
        case .boolean: "`true` or `false`"
        case .duration: "duration"
        case .size: "size"
        case .choice(let names) where names.count > mostNames: names.prefix(fewNames).map { "`\($0)`, " }.joined() + "…"
        case .choice(let names): names.map { "`\($0)`" }.joined(separator: ", ")
        case .list(let element): "list of \(type(element))"
        case .section: "group"
        case .map(let element): "map to \(type(element))"
        case .either(let kinds): kinds.map(type).joined(separator: " or ")
        case .anything: "any value"
        case .nothing: "nothing"
        }
    }
}
