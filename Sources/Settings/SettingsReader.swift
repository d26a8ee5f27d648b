/// Reads the keys of one group, collects every problem with its place, and knows unknown keys because it knows which
/// keys were asked for. Asked without a file it records the shapes instead, so schema and decoding can't differ.
package struct SettingsReader {
    /// Everything wrong so far, in the order of reading; see `inReadingOrder`.
    package private(set) var problems: [Problem] = []
    /// The keys that were asked for so far.
    package internal(set) var shapes: [SettingShape] = []
    /// Declared secrets without a value that some key asked for refers to.
    package private(set) var missingSecrets: [String] = []
    /// What the job needs exclusively: resources it refers to, as `key/name`, and claimed folders, as `tree/path`.
    package private(set) var exclusive: Set<String> = []
    /// Values to redact from everything that is written.
    package private(set) var secretValues: [String] = []
    /// Where the group itself is.
    package let place: SourcePlace
    var node: ConfigNode?
    let path: String
    let resources: [String: NamedResource]
    /// Whether the node is not a group of keys: one problem says so, and nothing else is reported.
    private var isNoGroup = false
    /// Keys that belong one level down, under the key `group`.
    var below: (group: String, keys: Set<String>)?

    /// A reader of `node`. A node that is not a group of keys is a problem, and reads as an empty group.
    /// - Parameters:
    ///   - resources: What keys may refer to by name.
    ///   - known: The keys that will be asked for, where that is known before: for the hint where the node is not a group.
    package init(_ node: ConfigNode, path: String = "", resources: [String: NamedResource] = [:], known: [SettingShape] = []) {
        self.init(node: node, place: node.place, path: path, resources: resources)
        if node.entries == nil, !isNull(node) {
            report(
                at: node.place, "\(path.isEmpty ? "this" : "\"\(path)\"") takes a group of keys, not \(node.kind)",
                hint: GroupExample.hint(insteadOf: node, known))
            isNoGroup = true
        }
    }

    private init(node: ConfigNode?, place: SourcePlace, path: String, resources: [String: NamedResource]) {
        self.node = node
        self.place = place
        self.path = path
        self.resources = resources
    }

    /// The shapes that `read` asks for, found by letting it read nothing.
    package static func shapes(_ read: (inout SettingsReader) -> Void) -> [SettingShape] {
        var reader = SettingsReader(node: nil, place: SourcePlace(file: "", line: 0, column: 0), path: "", resources: [:])
        read(&reader)
        return reader.shapes
    }

    // MARK: Reporting

    /// Reports an error at a place. Ignored while shapes are being recorded.
    /// - Parameters:
    ///   - message: What is wrong, with the value as written, without a period at its end.
    ///   - hint: What to write instead.
    package mutating func report(at place: SourcePlace, _ message: String, hint: String? = nil) {
        guard node != nil, !isNoGroup else { return }
        problems.append(Problem(at: place, message, hint: hint))
    }

    /// Reports a warning at a place: the configuration is still valid.
    package mutating func warn(at place: SourcePlace, _ message: String, hint: String? = nil) {
        guard node != nil else { return }
        problems.append(Problem(.warning, at: place, message, hint: hint))
    }

    /// Reports a problem with the value of `key`, or with the group where the key is missing.
    package mutating func report(_ key: String, _ message: String, hint: String? = nil) {
        report(at: node?[key]?.place ?? place, message, hint: hint)
    }

    /// Whether shapes are being recorded, when all values are defaults or placeholders: validations across keys must be skipped.
    package var isDescribing: Bool { node == nil }

    /// Whether the key has a value in the file; does not count as asking for it.
    package func has(_ key: String) -> Bool { node?[key].map { !isNull($0) } ?? false }

    /// All keys of the group, known or not.
    package var allEntries: [ConfigNode.Entry] { node?.entries ?? [] }

    /// Adds the problems and secret values of another reader.
    package mutating func takeOver(_ other: SettingsReader) {
        problems += other.problems
        secretValues += other.secretValues
    }

    /// Adds a value that must be redacted from everything that is written.
    package mutating func noteSecret(_ value: String) { secretValues.append(value) }

    /// Claims a folder for the job: no other job that claims it, or one above or below it, runs at the same time.
    package mutating func claim(folder path: String) { exclusive.insert("tree/\(path)") }

    /// The place of one of the texts under a key, or of the key's value as a whole.
    package func place(of text: String, under key: String) -> SourcePlace {
        node?[key]?.elements?.first { $0.text == text }?.place ?? place(of: key)
    }

    /// The place of a key's value, or of the group where it is missing.
    package func place(of key: String) -> SourcePlace { node?[key]?.place ?? place }

    /// Reports every key that was not asked for, as unknown. Called once, after the last key was read.
    package mutating func finish() {
        let known = shapes.map(\.key)
        for entry in node?.entries ?? [] where !known.contains(entry.key) { reportUnknown(entry, hint: hintForUnknown(entry.key, among: known)) }
    }

    // MARK: Resources

    /// What another part of the file declares under a name, such as a repository; the job then needs it exclusively. Nil for an unknown name,
    /// which is a problem, for an invalid declaration, which was reported there, and for one of another type.
    package mutating func resource<Value: Sendable>(_ key: String, _ about: String, as kind: Value.Type) -> Value? {
        let shape = SettingShape(key, about, .text, isRequired: true)
        guard let node = node(shape), let name = scalar(node, key) else { return nil }
        guard let resource = resources[name] else {
            let nearest = NearestWord.find(name, in: resources.keys).map { "did you mean \"\($0)\"?" }
            let known = resources.keys.sorted().joined(separator: ", ")
            report(
                at: node.place, "no \(key) is named \(node.kind)",
                hint: nearest ?? (known.isEmpty ? "declare it" : "declared are \(known)"))
            return nil
        }
        missingSecrets += resource.missingSecrets
        exclusive.insert("\(key)/\(name)")
        return resource.value as? Value
    }

    // MARK: Nodes

    /// The value under `key`, noted as known; nil where it is absent or empty.
    package mutating func node(_ shape: SettingShape) -> ConfigNode? {
        shapes.append(shape)
        guard let found = node?[shape.key], !isNull(found) else {
            if shape.isRequired { report(at: place, "\"\(qualified(shape.key))\" is missing", hint: shape.missingHint) }
            return nil
        }
        missingSecrets += found.allMissingSecrets
        return found
    }

    private func isNull(_ node: ConfigNode) -> Bool {
        if case .null = node.value { true } else { false }
    }

    /// The key with its path, for messages: `app.with.live`.
    package func qualified(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// The text of a single value; a problem and nil for a list or a group.
    package mutating func scalar(_ node: ConfigNode, _ key: String) -> String? {
        if let text = node.text { return text }
        report(at: node.place, "\"\(qualified(key))\" takes one value, not \(node.kind)")
        return nil
    }

    /// A single value that `parse` reads; nil where it is missing or `parse` returns nil, which is a problem.
    /// - Parameter expected: What to write, for the hint "write …".
    package mutating func parsed<Value>(
        _ shape: SettingShape, expected: String, _ parse: (String) -> Value?
    ) -> Value? {
        guard let node = node(shape), let text = scalar(node, shape.key) else { return nil }
        if let value = parse(text) { return value }
        report(at: node.place, "\"\(qualified(shape.key))\" is \(node.kind)", hint: VariableForms.hint(node) ?? "write \(expected)")
        return nil
    }

    /// The keys of one of several kinds. The schema knows the keys of all, and requires those of none.
    package mutating func variant<Kind: CaseIterable, Value>(_ chosen: Kind, _ read: (Kind, inout SettingsReader) -> Value) -> Value {
        guard isDescribing else { return read(chosen, &self) }
        var all = shapes
        for kind in Kind.allCases {
            for var shape in SettingsReader.shapes({ _ = read(kind, &$0) }) where !all.contains(where: { $0.key == shape.key }) {
                shape.isRequired = false
                all.append(shape)
            }
        }
        defer { shapes = all }
        return read(chosen, &self)
    }

    /// A group of keys below `key`, read by a reader of its own, which reports unknown keys. Nil where the group is missing. `read` is called
    /// once more beforehand to record its shapes.
    package mutating func section<Value>(
        _ key: String, _ about: String, isRequired: Bool = false, _ read: (inout SettingsReader) -> Value
    ) -> Value? {
        let known = SettingsReader.shapes { _ = read(&$0) }
        guard let node = node(SettingShape(key, about, .section(known), isRequired: isRequired)) else { return nil }
        return nested(node, path: qualified(key), known: known, read)
    }

    /// Reads a node with a reader of its own and takes over what that finds.
    /// - Parameters:
    ///   - known: The keys that `read` asks for, where that is known before: misspelled ones are then read as those that are meant.
    ///   - isStandIn: Whether the group is not in the file because its keys are in another place, which was reported: nothing is missing then.
    package mutating func nested<Value>(
        _ node: ConfigNode, path: String, known: [SettingShape] = [], isStandIn: Bool = false, _ read: (inout SettingsReader) -> Value
    ) -> Value {
        var inner = SettingsReader(node, path: path, resources: resources, known: known)
        inner.correct(known)
        let value = read(&inner)
        inner.finish()
        if !isStandIn { problems += inner.problems }
        secretValues += inner.secretValues
        exclusive.formUnion(inner.exclusive)
        missingSecrets += inner.missingSecrets
        return value
    }
}
