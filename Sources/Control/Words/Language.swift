/// The languages of the page. The raw values are those of the attribute `lang`.
package enum Language: String, CaseIterable, Sendable {
    case english = "en"
    case chinese = "zh-CN"

    /// The one of two texts that is in this language.
    package func say(_ english: @autoclosure () -> String, _ chinese: @autoclosure () -> String) -> String {
        switch self {
        case .english: english()
        case .chinese: chinese()
        }
    }
}
