package import Files
import Settings

extension TreeChange {
    /// `+` added, `-` removed, `M` changed, `U` permissions only.
    package var mark: String {
        switch kind {
        case .added: "+"
        case .removed: "-"
        case .changed: "M"
        case .mode: "U"
        }
    }

    /// The path, and the sizes of a file: `data/a  1.2 MB → 1.3 MB`.
    package var text: String {
        let sizes = [before, before == after ? nil : after].compactMap { $0.map { ByteSizeText.readable($0) } }
        return ([path.printable + (isFolder ? "/" : "")] + (kind == .mode || sizes.isEmpty ? [] : [sizes.joined(separator: " → ")])).joined(separator: "  ")
    }
}

extension TreeDifference {
    /// `1 added, 2 changed, 1 removed`.
    package var counts: String {
        let counts = [(added, "added"), (changed, "changed"), (removed, "removed")].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return counts.isEmpty ? "only folders differ" : counts.joined(separator: ", ")
    }

    /// With the sizes: `1 added; 5 files, 2.0 MB → 6 files, 2.1 MB`.
    package var text: String { "\(counts); \(before.text) → \(after.text)" }
}

extension TreeDifference.Side {
    /// `5 files, 2.0 MB`.
    package var text: String { "\(files.counted("file")), \(ByteSizeText.readable(bytes))" }
}

extension RawName {
    /// For a terminal: control characters are written as escapes.
    package var printable: String {
        description.unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }.joined()
    }
}
