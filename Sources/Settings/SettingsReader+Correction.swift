extension SettingsReader {
    /// Reads keys under a former name, or misspelled ones, as those that are meant, and reports them: one mistake is one problem, and what is
    /// below is checked too. Called before the first key is read.
    /// - Parameter known: Every key that will be asked for.
    package mutating func correct(_ known: [SettingShape]) {
        guard let entries = node?.entries else { return }
        let names = known.map(\.key)
        var present = Set(entries.map(\.key))
        let corrected = entries.map { entry in
            guard !names.contains(entry.key), let meant = meaning(of: entry, known, present) else { return entry }
            var entry = entry
            present.insert(meant)
            entry.key = meant
            return entry
        }
        node?.value = .mapping(corrected)
    }

    /// The key that is meant by an unknown one, which is reported; nil where that is not clear, and left to `finish`.
    private mutating func meaning(of entry: ConfigNode.Entry, _ known: [SettingShape], _ present: Set<String>) -> String? {
        if let shape = known.first(where: { $0.formerly == entry.key }) {
            guard !present.contains(shape.key) else {
                report(at: entry.place, "\"\(qualified(entry.key))\" is the former name of \"\(shape.key)\", which is set too", hint: "remove it")
                return shape.key
            }
            warn(at: entry.place, "\"\(qualified(entry.key))\" is now \"\(shape.key)\"", hint: "rename it: the next release no longer knows the old name")
            return shape.key
        }
        if isBelow(entry.key) { return nil }
        let missing = known.map(\.key).filter { !present.contains($0) }
        if let hint = KeySynonyms.hint(for: entry.key, among: known.map(\.key)) {
            guard let same = KeySynonyms.key(for: entry.key, among: missing) else { return nil }
            reportUnknown(entry, hint: hint)
            return same
        }
        guard let nearest = NearestWord.find(entry.key, in: missing) else { return nil }
        reportUnknown(entry, hint: "did you mean \"\(nearest)\"?")
        return nearest
    }

    /// Says which keys belong into the group under another key of this group. Called before `correct`.
    package mutating func note(keys: [String], below group: String) { below = (group, Set(keys)) }

    private func isBelow(_ key: String) -> Bool { below?.keys.contains(key) == true }

    /// Whether some key of this group was meant for the group under another one.
    package func hasKeysMeant(for group: String) -> Bool {
        allEntries.contains { entry in
            !shapes.contains { $0.key == entry.key } && (isBelow(entry.key) || KeySynonyms.isMeant(entry.key, for: group))
        }
    }

    func hintForUnknown(_ key: String, among known: [String]) -> String {
        if let hint = KeySynonyms.hint(for: key, among: known) { return hint }
        if let below, isBelow(key) { return "write it under \"\(below.group)\": \(below.group): { \(key): … }" }
        if let nearest = NearestWord.find(key, in: known) { return "did you mean \"\(nearest)\"?" }
        return known.isEmpty ? "no keys are known here" : "known keys: \(known.sorted().joined(separator: ", "))"
    }

    mutating func reportUnknown(_ entry: ConfigNode.Entry, hint: String) {
        report(at: entry.place, "unknown key \"\(entry.key)\"\(path.isEmpty ? "" : " in \"\(path)\"")", hint: hint)
    }

    /// Notes a key's former name, which is read with a warning. Called after the key was asked for.
    package mutating func formerly(_ old: String, _ key: String) {
        guard let index = shapes.lastIndex(where: { $0.key == key }) else { return }
        shapes[index].formerly = old
    }
}
