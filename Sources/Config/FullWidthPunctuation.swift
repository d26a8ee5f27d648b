import JobKit
import Settings

/// Finds punctuation of Chinese and Japanese input methods where YAML requires ASCII: the usual cause of an error on such a line.
enum FullWidthPunctuation {
    private static let ascii: [Character: (name: String, plain: String)] = [
        "：": ("colon", ":"), "，": ("comma", ","), "、": ("comma", ","), "［": ("bracket", "["), "］": ("bracket", "]"), "【": ("bracket", "["),
        "】": ("bracket", "]"),
        "｛": ("brace", "{"), "｝": ("brace", "}"), "“": ("quote", "\""), "”": ("quote", "\""), "‘": ("quote", "'"), "’": ("quote", "'"),
        "－": ("hyphen", "-"), "＃": ("number sign", "#"), "\u{3000}": ("blank", " "),
    ]

    /// The problems with those replaced that such a character on their line, or the line before, explains.
    ///
    /// - Parameter isSyntax: Whether the text is not YAML; else only problems are explained whose own words show such a character, because
    ///   Chinese text may be in a value without quotes.
    /// - Parameter text: The file's.
    static func explained(_ problems: [Problem], isSyntax: Bool, in text: String) -> [Problem] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var explained: Set<Int> = []
        var found: [Problem] = []
        for problem in problems {
            let line = problem.place.line
            if !isSyntax, problem.severity == .error, let character = problem.message.first(where: isFullWidthSign) {
                var problem = problem
                problem.hint = "it holds the full-width character \(character): type it with the English keyboard"
                found.append(problem)
                continue
            }
            let isCandidate = problem.severity == .error && (isSyntax || problem.message.contains { ascii[$0] != nil })
            let candidates = isCandidate ? (isSyntax ? [line, line - 1] : [line]) : []
            guard let guilty = candidates.first(where: { lines.indices.contains($0 - 1) && column(in: lines[$0 - 1]) != nil }) else {
                found.append(isSyntax ? problem : withRemark(problem))
                continue
            }
            if explained.insert(guilty).inserted { found.append(self.problem(file: problem.place.file, line: guilty, lines[guilty - 1])) }
        }
        // A blank that YAML takes for text makes another structure of the file: what else is wrong follows from that.
        let broken = found.filter { $0.message == blankMessage }
        return isSyntax || broken.isEmpty ? found : broken
    }

    /// Punctuation that is the same kind of slip in a value, but no part of YAML.
    private static let inValues: [Character: String] = ["（": "(", "）": ")", "。": ".", "／": "/"]

    /// The problem with a remark where the value that it quotes, which is in quotes in the file, holds such a character.
    private static func withRemark(_ problem: Problem) -> Problem {
        guard problem.severity == .error, let character = problem.message.first(where: { ascii[$0] != nil || inValues[$0] != nil }),
            let plain = ascii[character]?.plain ?? inValues[character]
        else { return problem }
        var problem = problem
        let remark = "it holds the full-width character \(character): type \(plain) with the English keyboard"
        problem.hint = problem.hint.map { "\(remark); \($0)" } ?? remark
        return problem
    }

    /// Whether it is a letter or digit of full width, which looks like that of ASCII and is another.
    private static func isFullWidthSign(_ character: Character) -> Bool {
        let code = character.unicodeScalars.first?.value ?? 0
        return [0xff10...0xff19, 0xff21...0xff3a, 0xff41...0xff5a].contains { $0.contains(code) }
    }

    private static func problem(file: String, line: Int, _ text: Substring) -> Problem {
        let column = column(in: text) ?? 1
        let character = text[text.index(text.startIndex, offsetBy: column - 1)]
        let (name, plain) = ascii[character] ?? ("character", "")
        let isBlank = character == "\u{3000}"
        return Problem(
            at: SourcePlace(file: file, line: line, column: column), isBlank ? blankMessage : "full-width \(name) \"\(character)\"",
            hint: "type \(isBlank ? "a plain blank" : plain) with the English keyboard")
    }

    private static let blankMessage = "full-width blank U+3000"

    /// Where the first one is, from 1, outside quoted text and comments; nil for none.
    private static func column(in line: Substring) -> Int? {
        var quote: Character?
        var previous: Character = " "
        for (index, character) in line.enumerated() {
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                quote = character
            } else if character == "#", previous.isWhitespace {
                return nil
            } else if ascii[character] != nil {
                return index + 1
            }
            previous = character
        }
        return nil
    }
}
