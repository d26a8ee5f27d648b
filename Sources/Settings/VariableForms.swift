/// Variables as other programs write them, in a value that is not valid as it is.
enum VariableForms {
    /// What to write instead of `$NAME`, `{{ NAME }}` or `%NAME%`; nil where there is nothing of the kind.
    static func hint(_ node: ConfigNode) -> String? {
        let text = node.written ?? node.text ?? ""
        let found =
            text.firstMatch(of: /\$([A-Za-z_][A-Za-z0-9_]*)/)?.output.1 ?? text.firstMatch(of: /\{\{\s*\.?(?:env\.)?([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/)?.output.1
            ?? text.firstMatch(of: /%([A-Za-z_][A-Za-z0-9_]*)%/)?.output.1
        return found.map { "a variable is written ${\($0)}" }
    }
}
