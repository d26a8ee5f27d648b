/// The language of comments and next steps.
package enum Language: String, CaseIterable, Sendable {
    case en, zh
}

/// Words in both languages.
struct Text: Hashable, Sendable {
    var en: String
    var zh: String

    init(_ en: String, _ zh: String) {
        self.en = en
        self.zh = zh
    }

    subscript(language: Language) -> String {
        switch language {
        case .en: en
        case .zh: zh
        }
    }
}
