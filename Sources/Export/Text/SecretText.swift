/// Text in which secrets are named where their values would be.
///
/// The configuration is read with a mark in the place of each secret's value, so no value comes as far as this module.
struct SecretText: Hashable, Sendable {
    enum Part: Hashable, Sendable {
        case literal(String)
        /// The value of this variable.
        case secret(String)
    }

    let parts: [Part]

    private static let (begin, end) = ("shipkeeper-secret--", "--of-the-environment")
    /// In front of a mark that must be an address. No host has such a name: RFC 2606.
    private static let address = "https://secret.invalid/"

    /// What is put in the place of the variable's value while the configuration is read. It is long enough for any key that wants a secret.
    /// - Parameter isAddress: Whether the key wants an address.
    static func mark(for name: String, isAddress: Bool = false) -> String { (isAddress ? address : "") + begin + name + end }

    init(_ text: String) {
        var (parts, rest) = ([Part](), text[...])
        while let found = rest.firstRange(of: SecretText.begin), let close = rest[found.upperBound...].firstRange(of: SecretText.end) {
            var before = rest[..<found.lowerBound]
            if before.hasSuffix(SecretText.address) { before.removeLast(SecretText.address.count) }
            if !before.isEmpty { parts.append(.literal(String(before))) }
            parts.append(.secret(String(rest[found.upperBound..<close.lowerBound])))
            rest = rest[close.upperBound...]
        }
        if !rest.isEmpty || parts.isEmpty { parts.append(.literal(String(rest))) }
        self.parts = parts
    }

    /// The variables whose values it needs, in the order of the text.
    var secrets: [String] { parts.compactMap { if case .secret(let name) = $0 { name } else { nil } } }

    /// The text in another notation.
    /// - Parameters:
    ///   - escape: Keeps text that looks like a reference from being one.
    ///   - reference: How the value of a variable is referred to.
    func written(escape: (String) -> String, reference: (String) -> String) -> String {
        parts.map { part in
            switch part {
            case .literal(let text): escape(text)
            case .secret(let name): reference(name)
            }
        }.joined()
    }
}
