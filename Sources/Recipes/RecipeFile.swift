/// A file that a recipe writes.
package struct RecipeFile: Hashable, Sendable {
    /// How it is written where there is a file already.
    package enum Kind: Hashable, Sendable {
        /// The whole file belongs to the recipe, and is replaced.
        case whole
        /// Lines in a file that may hold others: those that are missing are added.
        case lines
    }

    /// Relative to the app's folder.
    package var path: String
    /// UTF-8, with one line break at its end.
    package var text: String
    package var kind: Kind

    init(path: String, text: String, kind: Kind = .whole) {
        self.path = path
        self.text = text
        self.kind = kind
    }

    /// Whether `#` begins a comment at any place in it.
    var hasComments: Bool { ![".json", ".md"].contains { path.hasSuffix($0) } }

    /// The file's text after it has been written.
    /// - Parameter present: The text that is there; nil for none.
    package func text(over present: String?) -> String {
        guard kind == .lines, let present else { return text }
        let known = Set(present.split(whereSeparator: \.isNewline).map(RecipeFile.key))
        let missing = text.split(separator: "\n").filter { !$0.hasPrefix("#") && !known.contains(RecipeFile.key($0)) }
        guard !missing.isEmpty else { return present }
        return present + (present.isEmpty || present.last?.isNewline == true ? "" : "\n") + missing.map { "\($0)\n" }.joined()
    }

    /// What makes two lines the same: the name where a value is set, so that a value of the user's own stays.
    private static func key(_ line: Substring) -> Substring { line.prefix { $0 != "=" } }
}
