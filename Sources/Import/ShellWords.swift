/// Lines as a shell takes them apart, without variables and patterns.
enum ShellWords {
    /// The words of a line, with quotes and backslashes taken off; nil where a quote is not closed.
    static func split(_ line: String) -> [String]? {
        var (words, word): ([String], String?) = ([], nil)
        var quote: Character?
        var isEscaped = false
        for letter in line {
            if isEscaped {
                // In double quotes a backslash stands for itself before most letters.
                if quote == "\"", !"\"\\$`".contains(letter) { word = (word ?? "") + "\\" }
                word = (word ?? "") + String(letter)
                isEscaped = false
            } else if letter == "\\", quote != "'" {
                isEscaped = true
            } else if let open = quote {
                if letter == open { quote = nil } else { word = (word ?? "") + String(letter) }
            } else if letter == "'" || letter == "\"" {
                quote = letter
                word = word ?? ""
            } else if letter.isWhitespace {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + String(letter)
            }
        }
        guard quote == nil, !isEscaped else { return nil }
        return words + [word].compactMap(\.self)
    }

    /// Whether a line needs a shell: it has variables, patterns, pipes or the like outside of single quotes.
    static func needsShell(_ line: String) -> Bool {
        var quote: Character?
        for letter in line {
            if quote == "'" {
                if letter == "'" { quote = nil }
            } else if letter == "\"" || letter == "'" {
                quote = quote == letter ? nil : quote ?? letter
            } else if "$`".contains(letter) || (quote == nil && "|&;<>()*?[]#~{}!".contains(letter)) {
                return true
            }
        }
        return false
    }

    /// A word as it is written in a line for the shell.
    static func quoted(_ word: String) -> String {
        let isPlain = !word.isEmpty && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-./+=@%:,".contains($0)) }
        return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }

    /// The name of a program or script in a line, for a job's name: `backup` of `/usr/local/bin/backup.sh --all`.
    static func programName(_ line: String) -> String {
        let words = split(line) ?? line.split(whereSeparator: \.isWhitespace).map(String.init)
        var rest = words[...]
        while let first = rest.first {
            let name = String(first.split(separator: "/").last ?? "")
            // What only starts others has not the name that is meant.
            let isStarter = [
                "exec", "env", "sudo", "nice", "ionice", "nohup", "timeout", "flock", "cd", "test", "[", "&&", "root", "command", "then", "if", "time",
            ]
            .contains(name)
            let isInterpreter = rest.count > 1 && ["sh", "bash", "dash", "python", "python3", "node", "php", "ruby", "perl", "bundle"].contains(name)
            let isNoName = first.hasPrefix("-") || first.contains("=") || first.allSatisfy { !$0.isLetter } || name.isEmpty
            if !isStarter, !isInterpreter, !isNoName {
                // The line that a shell is given.
                if first.contains(where: \.isWhitespace) { return programName(first) }
                let stem = name.split(separator: ".").first.map(String.init) ?? name
                return stem
            }
            let skipped = name == "cd" ? 2 : 1
            rest = rest.dropFirst(skipped)
        }
        return "job"
    }
}
