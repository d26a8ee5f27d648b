extension SettingsReader {
    /// Text that must be there: a missing or empty one is a problem, and reads as an empty text.
    package mutating func string(_ key: String, _ about: String) -> String {
        optionalString(SettingShape(key, about, .text, isRequired: true)) ?? ""
    }

    /// Text with a default. An empty text is a problem.
    package mutating func string(_ key: String, _ about: String, default fallback: String) -> String {
        optionalString(SettingShape(key, about, .text, default: fallback)) ?? fallback
    }

    /// Text that may be missing. An empty text is a problem.
    package mutating func optionalString(_ key: String, _ about: String) -> String? {
        optionalString(SettingShape(key, about, .text))
    }

    private mutating func optionalString(_ shape: SettingShape) -> String? {
        guard let node = node(shape), let text = scalar(node, shape.key) else { return nil }
        if text.isEmpty, node.missingSecrets.isEmpty {
            report(at: node.place, "\"\(qualified(shape.key))\" is empty", hint: shape.about)
        }
        return text
    }

    /// An absolute `http` or `https` address. Nil where it is missing or invalid, which is a problem; missing only where `isRequired`.
    package mutating func url(_ key: String, _ about: String, isRequired: Bool = true) -> String? {
        let shape = SettingShape(key, about, .pattern("^(https?://.+|.*\\$\\{.*)$", form: "URL"), isRequired: isRequired)
        return parsed(shape, expected: "an address such as https://example.com/path") { text in
            let lowered = text.lowercased()
            let scheme = ["http://", "https://"].first { lowered.hasPrefix($0) }
            guard let scheme, text.count > scheme.count, !text.contains(where: \.isWhitespace) else { return nil }
            return text
        }
    }

    /// A path that starts with `/`, without slashes at its end. Nil where it is missing or invalid, which is a problem; missing only where
    /// `isRequired`. Whether it exists is not checked.
    package mutating func path(_ key: String, _ about: String, isRequired: Bool = true) -> String? {
        let shape = SettingShape(key, about, .text, isRequired: isRequired)
        return parsed(shape, expected: "a path from the root, such as /data/app") { text in
            text.hasPrefix("/") && !text.utf8.contains(0) ? SettingsReader.trimmedPath(text) : nil
        }
    }

    /// The path without slashes at its end.
    private static func trimmedPath(_ text: String) -> String {
        var path = text[...]
        while path.count > 1, path.hasSuffix("/") { path = path.dropLast() }
        return String(path)
    }

    /// A whole number. One outside of `range` is a problem, and reads as the default.
    package mutating func integer(
        _ key: String, _ about: String, default fallback: Int, in range: ClosedRange<Int>
    ) -> Int {
        optionalInteger(SettingShape(key, about, .integer(range), default: "\(fallback)"), in: range) ?? fallback
    }

    /// A whole number that may be missing. One outside of `range` is a problem, and reads as nil.
    package mutating func optionalInteger(_ key: String, _ about: String, in range: ClosedRange<Int>) -> Int? {
        optionalInteger(SettingShape(key, about, .integer(range)), in: range)
    }

    private mutating func optionalInteger(_ shape: SettingShape, in range: ClosedRange<Int>) -> Int? {
        parsed(shape, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// True or false, also as `yes`, `no`, `on`, `off`, `1` and `0`, in any case of letters.
    package mutating func boolean(_ key: String, _ about: String, default fallback: Bool) -> Bool {
        boolean(SettingShape(key, about, .boolean, default: "\(fallback)")) ?? fallback
    }

    /// Nil where the key is missing or invalid.
    package mutating func boolean(_ key: String, _ about: String) -> Bool? { boolean(SettingShape(key, about, .boolean)) }

    private mutating func boolean(_ shape: SettingShape) -> Bool? {
        parsed(shape, expected: "true or false") { text in
            // Variables are typed by hand into the forms of platforms.
            ["true": true, "yes": true, "on": true, "1": true, "false": false, "no": false, "off": false, "0": false][text.lowercased()]
        }
    }

    /// A duration. An invalid one, or one outside of `range`, is a problem and reads as the default.
    package mutating func duration(
        _ key: String, _ about: String, default fallback: Duration, in range: ClosedRange<Duration>
    ) -> Duration {
        let shape = SettingShape(key, about, .duration, default: DurationText.format(fallback))
        return duration(shape, in: range) ?? fallback
    }

    /// A duration that may be missing. An invalid one, or one outside of `range`, is a problem and reads as nil.
    package mutating func optionalDuration(
        _ key: String, _ about: String, in range: ClosedRange<Duration>
    ) -> Duration? {
        duration(SettingShape(key, about, .duration), in: range)
    }

    private mutating func duration(_ shape: SettingShape, in range: ClosedRange<Duration>) -> Duration? {
        guard let node = node(shape), let text = scalar(node, shape.key) else { return nil }
        guard let value = DurationText.parse(text) else {
            report(at: node.place, "\"\(qualified(shape.key))\" is \(node.kind)", hint: "write a duration such as 30s, 5m or 1h30m")
            return nil
        }
        guard range.contains(value) else {
            let bounds = "\(DurationText.format(range.lowerBound)) to \(DurationText.format(range.upperBound))"
            report(at: node.place, "\"\(qualified(shape.key))\" is \(node.written ?? text)", hint: "allowed is \(bounds)")
            return nil
        }
        return value
    }

    /// A number of bytes, 0 or more; see `ByteSizeText.parse`.
    package mutating func size(_ key: String, _ about: String, default fallback: Int64) -> Int64 {
        let shape = SettingShape(key, about, .size, default: "\(fallback)")
        return parsed(shape, expected: "a size such as 64MiB or 1.5GB", ByteSizeText.parse) ?? fallback
    }

    /// One of the raw values of an enum. Another text is a problem, with the nearest one as a hint.
    /// - Parameter formerly: Names of the last release, which are still read, with a warning.
    package mutating func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ key: String, _ about: String, default fallback: Value, formerly: [String: Value] = [:]
    ) -> Value {
        let names = Value.allCases.map(\.rawValue)
        let shape = SettingShape(key, about, .choice(names), default: fallback.rawValue)
        guard let node = node(shape), let text = scalar(node, key) else { return fallback }
        if let value = Value(rawValue: text) { return value }
        if let value = formerly[text] {
            warn(
                at: node.place, "\"\(qualified(key)): \(text)\" is now \"\(value.rawValue)\"",
                hint: "rename it: the next release no longer knows the old name")
            return value
        }
        let nearest = NearestWord.find(text, in: names).map { "did you mean \"\($0)\"?" }
        report(
            at: node.place, "\"\(qualified(key))\" is \(node.kind)",
            hint: nearest ?? "allowed are \(names.joined(separator: ", "))")
        return fallback
    }

    /// Some of the raw values of an enum, a list or one alone, without repetitions. Missing or wrong, it is the default.
    /// - Parameter formerly: Names of the last release, which are still read, with a warning.
    package mutating func choices<Value: RawRepresentable<String> & CaseIterable & Equatable>(
        _ key: String, _ about: String, default fallback: Value, formerly: [String: Value] = [:]
    ) -> [Value] {
        let names = Value.allCases.map(\.rawValue)
        let shape = SettingShape(key, about, .either([.choice(names), .list(.choice(names))]), default: fallback.rawValue)
        guard let node = node(shape) else { return [fallback] }
        var found: [Value] = []
        for element in node.elements ?? [node] {
            guard let text = scalar(element, key) else { continue }
            if let former = formerly[text] {
                warn(
                    at: element.place, "\"\(qualified(key)): \(text)\" is now \"\(former.rawValue)\"",
                    hint: "rename it: the next release no longer knows the old name")
            }
            if let value = Value(rawValue: text) ?? formerly[text] {
                if !found.contains(value) { found.append(value) }
                continue
            }
            let nearest = NearestWord.find(text, in: names).map { "did you mean \"\($0)\"?" }
            report(at: element.place, "\"\(qualified(key))\" is \(element.kind)", hint: nearest ?? "allowed are \(names.joined(separator: ", "))")
        }
        return found.isEmpty ? [fallback] : found
    }

    /// A list of texts; one text alone is a list of one. Missing, it is empty. Elements that are not texts are problems, and left out.
    package mutating func strings(_ key: String, _ about: String, isRequired: Bool = false) -> [String] {
        let shape = SettingShape(key, about, .either([.text, .list(.text)]), isRequired: isRequired)
        guard let node = node(shape) else { return [] }
        if node.entries != nil {
            report(at: node.place, "\"\(qualified(key))\" takes one value or a list, not a group of keys", hint: "write [one, other]")
            return []
        }
        return (node.elements ?? [node]).compactMap { scalar($0, key) }
    }

    /// The command line of a process: a list whose first element is the program. Nil where it is missing or not such a list. Words with a NUL byte
    /// or over `UnusableCommand.mostInOne` bytes are problems.
    package mutating func command(_ key: String, _ about: String, isRequired: Bool = false) -> [String]? {
        guard let node = node(SettingShape(key, about, .list(.text), isRequired: isRequired)) else { return nil }
        guard let elements = node.elements, !elements.isEmpty else {
            let instead = isRequired ? "[sh, -c, …] for a line of shell" : "use \"shell\" for a line of shell"
            report(
                at: node.place, "\"\(qualified(key))\" takes a list, not \(node.kind)", hint: "write [program, argument, …], or \(instead)")
            return nil
        }
        let words = elements.compactMap { element in scalar(element, key).map { (word: $0, place: element.place) } }
        if words.first?.word.isEmpty == true { report(at: node.place, "\"\(qualified(key))\" names no program") }
        for (word, place) in words { refuseUnusable(word, at: place) }
        return words.map(\.word)
    }

    /// Reports what execve(2) refuses: bytes after a zero would be lost, and the length of one word is limited.
    private mutating func refuseUnusable(_ word: String, at place: SourcePlace) {
        let reason: UnusableCommand
        if word.utf8.contains(0) {
            reason = .nul(in: "this word")
        } else if word.utf8.count > UnusableCommand.mostInOne {
            reason = .tooLong("this word", bytes: word.utf8.count)
        } else {
            return
        }
        report(at: place, "\(reason)", hint: reason.hint)
    }

    /// Names with one text each. A key without a value reads as an empty text.
    package mutating func stringMap(_ key: String, _ about: String) -> [String: String] {
        guard let node = node(SettingShape(key, about, .map(.text))) else { return [:] }
        guard let entries = node.entries else {
            report(at: node.place, "\"\(qualified(key))\" takes a group of keys, not \(node.kind)")
            return [:]
        }
        var result: [String: String] = [:]
        for entry in entries {
            if case .null = entry.value.value {
                result[entry.key] = ""
            } else {
                result[entry.key] = scalar(entry.value, entry.key)
            }
        }
        return result
    }

    /// Environment variables: a text sets one, nothing (`NAME:` or `NAME: null`) unsets one, which reads as nil.
    package mutating func environment(_ key: String, _ about: String) -> [String: String?] {
        guard let node = node(SettingShape(key, about, .map(.either([.text, .nothing])))) else { return [:] }
        guard let entries = node.entries else {
            report(at: node.place, "\"\(qualified(key))\" takes a group of keys, not \(node.kind)", hint: "write a line NAME: value for each, without a hyphen")
            return [:]
        }
        var result: [String: String?] = [:]
        for entry in entries {
            guard SettingsReader.isVariableName(entry.key) else {
                report(
                    at: entry.place, "\"\(entry.key)\" is not the name of a variable", hint: "a name is not empty and holds no =, no blank and no NUL")
                continue
            }
            if let length = entry.value.text?.utf8.count, entry.key.utf8.count + length + 2 > SettingsReader.longestWord {
                report(at: entry.value.place, "the value of \(entry.key) has \(length) bytes, more than Linux gives to a process", hint: "put it in a file")
                continue
            }
            if case .null = entry.value.value {
                result[entry.key] = .some(nil)
            } else if let text = scalar(entry.value, entry.key) {
                result[entry.key] = text
            }
        }
        return result
    }

    /// Bytes of one argument or variable of a process, its end included. See execve(2), MAX_ARG_STRLEN.
    private static let longestWord = 131_072

    private static func isVariableName(_ text: String) -> Bool {
        !text.isEmpty && !text.contains { $0 == "=" || $0 == "\0" || $0.isWhitespace }
    }

    /// A value that must not be printed, and that is redacted from everything that is written. Nil where it is missing or empty, or the declared
    /// secret it refers to is not set. One that is in the file itself is a warning.
    package mutating func secret(_ key: String, _ about: String, isRequired: Bool = false) -> Secret? {
        guard let node = node(SettingShape(key, about, .text, isRequired: isRequired)), let text = scalar(node, key) else { return nil }
        noteSecret(text)
        if text.isEmpty {
            if node.missingSecrets.isEmpty { report(at: node.place, "\"\(qualified(key))\" is empty", hint: about) }
            return nil
        }
        if node.written == nil {
            warn(
                at: node.place, "\"\(qualified(key))\" is in the file itself, where others may read it",
                hint: "write ${NAME} and set the secret NAME in the container")
        }
        return Secret(text)
    }
}

extension SettingsReader {
    /// A range of durations, as in `5s..60s`; a single one is a range of itself.
    package mutating func durationRange(
        _ key: String, _ about: String, default fallback: ClosedRange<Duration>, allowsZero: Bool = false
    ) -> ClosedRange<Duration> {
        let text = "\(DurationText.format(fallback.lowerBound))..\(DurationText.format(fallback.upperBound))"
        let shape = SettingShape(key, about, .pattern("^[0-9a-z]+(\\.\\.[0-9a-z]+)?$", form: "range of durations"), default: text)
        return parsed(shape, expected: "a range of time such as 5s..60s") { text in
            let ends = text.components(separatedBy: "..").map(DurationText.parse)
            guard let low = ends.first ?? nil, let high = ends.last ?? nil, ends.count <= 2, low <= high, low > .zero || allowsZero
            else { return nil }
            return low...high
        } ?? fallback
    }

    /// A count within a duration, as in `10 in 10m`, both above zero.
    package mutating func countWithin(
        _ key: String, _ about: String, default fallback: (count: Int, within: Duration)
    ) -> (count: Int, within: Duration) {
        let text = "\(fallback.count) in \(DurationText.format(fallback.within))"
        let shape = SettingShape(key, about, .pattern("^[0-9]+ in [0-9a-z]+$", form: "count in a duration"), default: text)
        return parsed(shape, expected: "a number and a duration such as 10 in 10m") { text in
            let words = text.split(separator: " ")
            guard words.count == 3, words[1] == "in", let count = Int(words[0]), count > 0,
                let within = DurationText.parse(String(words[2])), within > .zero
            else { return nil }
            return (count, within)
        } ?? fallback
    }

    /// The keys `command`, a list of words, and `shell`, a line: exactly one of them, or none where it is not required.
    package mutating func program(isRequired: Bool = true) -> ProgramLine? {
        let words = command("command", "Program and arguments, as a list; this or \"shell\" is required")
        let line = optionalString("shell", "A line for /bin/sh, instead of \"command\"")
        switch (words, line) {
        case (let words?, nil): return words.isEmpty ? nil : .command(words)
        case (nil, let line?):
            refuseUnusable(line, at: self.place(of: "shell"))
            return .shell(line)
        case (nil, nil):
            if isRequired, !has("command"), !has("shell") {
                report(at: place, "\"\(qualified("command"))\" is missing", hint: "write command: [program, argument, …] or shell: a line")
            }
            return nil
        case (_?, _?):
            report("shell", "\"command\" and \"shell\" are both set", hint: "keep one of them")
            return nil
        }
    }
}

extension String {
    fileprivate func components(separatedBy separator: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}
