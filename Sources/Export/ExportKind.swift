import Settings

/// The engines whose files are written. The raw values are what the command line takes.
package enum ExportKind: String, CaseIterable, Sendable {
    case kubernetes, compose, systemd

    /// Whether containers are made of an image, which the file does not name.
    package var needsImage: Bool {
        switch self {
        case .kubernetes, .compose: true
        case .systemd: false
        }
    }
}

/// What is written: files, and each difference in meaning.
package struct Exported: Sendable {
    package struct File: Hashable, Sendable {
        /// The name in a folder.
        package var name: String
        package var text: String
        /// Whether it is the configuration itself, which the user has already where all goes to standard output.
        package var isConfiguration = false
    }

    package var files: [File] = []
    package private(set) var differences: [ExportDifference] = []

    /// All of it as one text, the configuration left out; the files that are documents of YAML are kept apart by `---`.
    package func text(for kind: ExportKind) -> String {
        let shown = files.filter { !$0.isConfiguration }
        switch kind {
        case .kubernetes: return shown.map(\.text).joined(separator: "---\n")
        case .compose: return shown.map(\.text).joined()
        case .systemd: return shown.map { "# \($0.name)\n\($0.text)" }.joined(separator: "\n")
        }
    }

    mutating func note(_ what: ExportDifference.What, at place: SourcePlace) {
        let difference = ExportDifference(what: what, place: place)
        if !differences.contains(difference) { differences.append(difference) }
    }
}
