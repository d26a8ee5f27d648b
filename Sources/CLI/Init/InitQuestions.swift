import JobKit
import Processes
import Recipes

/// Asks on the terminal for options that `init` was not given.
struct InitQuestions {
    private let found: Detection
    private let words: InitWords
    /// Shows a prompt and returns the line that is typed; nil at the end of input.
    private let answer: (String) -> String?

    init(found: Detection, language: Language, answer: @escaping (String) -> String? = Terminal.line) {
        self.found = found
        self.answer = answer
        words = InitWords(language: language)
    }

    /// Fills in what is missing. Blocks.
    /// - Returns: Whether all was answered; false at the end of input.
    func ask(_ request: inout InitCommand.Request) throws -> Bool {
        guard let platform = platform() else { return false }
        request.platform = platform
        if request.app == nil, request.command == nil {
            let names = App.all.map(\.name)
            guard let name = choose(words.app, names.map { ($0, words.about(app: $0)) }, usual: found.app ?? "command") else { return false }
            request.app = name
            if name == "command", !program(&request) { return false }
        }
        if request.store == nil {
            let usual = Recipe(app: App.command(nil), platform: platform, store: nil, version: "").store.rawValue
            guard let name = choose(words.store, BackupStore.allCases.map { ($0.rawValue, words.about($0)) }, usual: usual) else { return false }
            request.store = BackupStore(rawValue: name)
        }
        return true
    }

    private func platform() -> Hosting? {
        if let sign = found.sign, found.platform != nil { Console.note(words.found(sign)) }
        let usual = found.platform ?? .huggingface
        return choose(words.platform, Hosting.allCases.map { ($0.rawValue, words.about($0)) }, usual: usual.rawValue).flatMap(Hosting.init)
    }

    private func program(_ request: inout InitCommand.Request) -> Bool {
        guard let command = answer("\(words.command): ")?.trimmed else { return false }
        guard !command.isEmpty else { return true }
        request.command = command
        while request.port == nil {
            guard let text = answer("\(words.port)\(found.port.map { " [\($0)]" } ?? ""): ")?.trimmed else { return false }
            if text.isEmpty {
                request.port = found.port
                break
            }
            request.port = Int(text).flatMap { (1...65_535).contains($0) ? $0 : nil }
            if request.port == nil { Console.note(words.portWanted) }
        }
        while request.health == nil {
            guard let text = answer("\(words.health) [/]: ")?.trimmed else { return false }
            let path = text.isEmpty ? "/" : text
            if AppProgram.isHealthPath(path) { request.health = path } else { Console.note(words.pathWanted) }
        }
        return true
    }

    /// Numbered choices, until one of them is typed.
    private func choose(_ title: String, _ choices: [(name: String, about: String)], usual: String) -> String? {
        let width = choices.map(\.name.count).max() ?? 0
        for (index, choice) in choices.enumerated() {
            Console.note("  \(index + 1)) \(choice.name)\(String(repeating: " ", count: width - choice.name.count))  \(choice.about)")
        }
        while let text = answer("\(title) [\(usual)]: ")?.trimmed {
            if text.isEmpty { return usual }
            if let number = Int(text), choices.indices.contains(number - 1) { return choices[number - 1].name }
            if choices.contains(where: { $0.name == text.lowercased() }) { return text.lowercased() }
            Console.note(words.choices(choices.count))
        }
        return nil
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
