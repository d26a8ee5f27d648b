import JobKit
import Settings

/// Reads `secrets`: names of environment variables, one word or a list.
enum SecretNames {
    static func read(_ reader: inout SettingsReader, _ about: String) -> [String] {
        let value = reader.allEntries.first { $0.key == "secrets" }?.value
        for element in value.map({ $0.elements ?? [$0] }) ?? [] {
            guard let written = element.written else { continue }
            reader.report(
                at: element.place, "\"\(written)\" is a variable's value, and \"secrets\" takes names", hint: "write the name alone, without $ and braces")
        }
        return reader.strings("secrets", about).filter { name in
            if isName(name) { return true }
            let place = reader.place(of: name, under: "secrets")
            if name.first == "-", isName(String(name.dropFirst())) {
                reader.report(at: place, "\"\(name)\" is not the name of a variable", hint: "write a blank after the hyphen: - \(name.dropFirst())")
            } else if name.contains(where: { $0 == "," || $0.isWhitespace }) {
                let parts = name.split(whereSeparator: { $0 == "," || $0.isWhitespace })
                reader.report(at: place, "\"\(name)\" is not the name of one variable", hint: "write a list: [\(parts.joined(separator: ", "))]")
            } else {
                reader.report(
                    at: place, "\"secrets\" holds what is not the name of a variable", hint: "a name has letters, digits and _, and begins with no digit")
            }
            return false
        }
    }

    /// Those that are granted to a job or an action. One that is not declared is a problem.
    static func granted(_ reader: inout SettingsReader, _ declared: [String], to what: String) -> [String] {
        let names = read(&reader, "Declared secrets that the \(what)'s processes get")
        for name in names where !declared.contains(name) {
            let nearest = NearestWord.find(name, in: declared).map { "did you mean \"\($0)\"?" }
            reader.report("secrets", "the secret \"\(name)\" is not declared", hint: nearest ?? "add it to \"secrets\" at the top of the file")
        }
        return names.filter(declared.contains)
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.first, !first.isNumber else { return false }
        return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    }
}
