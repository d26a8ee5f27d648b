import Control
import Foundation

extension Language {
    /// The cookie by which a reader's choice is kept.
    static let cookie = "shipkeeper-language"

    var other: Language { self == .english ? .chinese : .english }

    /// What a request asks for: the reader's choice, else that of the browser, else English.
    init(_ request: WebRequest) {
        self = request.cookie(Language.cookie).flatMap(Language.init) ?? Language.wanted(request.headers["accept-language"] ?? "")
    }

    /// Source: RFC 9110 §12.5.4.
    static func wanted(_ header: String) -> Language {
        var best: (language: Language, weight: Double)?
        for part in header.split(separator: ",").prefix(20) {
            let pieces = part.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
            guard let tag = pieces.first else { continue }
            let weight = pieces.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            let language: Language? = tag == "zh" || tag.hasPrefix("zh-") ? .chinese : tag == "en" || tag.hasPrefix("en-") || tag == "*" ? .english : nil
            if let language, weight > best?.weight ?? 0 { best = (language, weight) }
        }
        return best?.language ?? .english
    }
}
