import Mustache

/// The pages' templates. What is put in is escaped, but for what is made here.
enum Templates {
    enum Name: String, CaseIterable {
        case waiting, frame, overview, job, run, action, backups, restoring, login, message

        /// With the way to escape, which a template has to name.
        var text: String {
            let text =
                switch self {
                case .waiting: PlainTemplates.waiting
                case .frame: PlainTemplates.frame
                case .login: PlainTemplates.login
                case .message: PlainTemplates.message
                case .overview: OverviewTemplate.text
                case .job: JobTemplate.text
                case .run: RunTemplate.text
                case .action: ActionTemplate.text
                case .backups: BackupsTemplate.backups
                case .restoring: BackupsTemplate.restoring
                }
            return "{{% CONTENT_TYPE: PAGE}}" + text
        }
    }

    /// Escapes each code point. The library's own way goes by characters, and takes a quotation mark with an accent for another character.
    private struct PageText: MustacheContentType {
        func escapeText(_ text: String) -> String { HTMLText.escaped(text) }
    }

    /// Parsed once. One that can't be parsed is our own mistake: a test reads them all.
    private static let library: MustacheLibrary = {
        MustacheContentTypes.register(PageText(), named: "PAGE")
        let parsed = Name.allCases.compactMap { name in (try? MustacheTemplate(string: name.text)).map { (name.rawValue, $0) } }
        return MustacheLibrary(templates: Dictionary(uniqueKeysWithValues: parsed))
    }()

    static func render(_ name: Name, _ values: [String: Any]) -> String { library.render(values, withTemplate: name.rawValue) ?? "" }
}
