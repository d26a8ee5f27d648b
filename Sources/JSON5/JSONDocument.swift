/// A text of JSON (RFC 8259) or JSON5 that is edited in place: everything else, comments and blanks included, stays byte for byte. Paths are
/// names of members; lists have no paths below them. Pure, and held in memory whole; each change parses the text again.
package struct JSONDocument: Sendable {
    /// The text as it is now, in UTF-8.
    package private(set) var bytes: [UInt8]
    private var tree: JSONTree

    /// Parses the text.
    /// - Throws: The first mistake with its place.
    package init(_ bytes: [UInt8]) throws(JSONSyntaxError) {
        self.bytes = bytes
        tree = try JSONParser.tree(of: bytes)
    }

    /// An empty object.
    package init() {
        bytes = Array("{}\n".utf8)
        tree = JSONTree(kind: .object([]), range: 0..<2)
    }

    /// The whole value, built on each call.
    package var value: JSONValue { tree.value }

    /// The value at a path; nil where there is none. The empty path is the whole document; of members with one name the last one counts.
    package func value(at path: [String]) -> JSONValue? { node(at: path)?.value }

    private func node(at path: [String]) -> JSONTree? {
        path.reduce(Optional(tree)) { $0?.member($1)?.value }
    }

    // MARK: Changing

    /// Sets the value at a path. Missing objects on the way are created, and values on the way that are not objects are replaced by them.
    package mutating func set(_ path: [String], to value: JSONValue) {
        guard let key = path.last else { return replace(tree, with: value) }
        if let found = node(at: path) { return replace(found, with: value) }
        let above = path.dropLast()
        guard let parent = node(at: Array(above)), parent.members != nil else { return set(Array(above), to: .object([(key, value)])) }
        insert(key, value, into: parent)
    }

    /// Removes a member, with the comments on its lines; a missing one is not an error. Of members with one name only the last is removed.
    package mutating func remove(_ path: [String]) {
        guard let key = path.last, let parent = node(at: Array(path.dropLast())), let members = parent.members else { return }
        guard let index = members.lastIndex(where: { $0.key == key }) else { return }
        let member = members[index]
        let own = comma(after: member.value.range.upperBound)
        var end = own.map { $0 + 1 } ?? member.value.range.upperBound
        if bytes[member.keyStart - 1] == 32, end < bytes.count, bytes[end] == 32 { end += 1 }
        let range = lines(of: member.keyStart..<end) ?? member.keyStart..<end
        // The last one goes with the comma before it, and comments between them stay.
        guard own == nil, index > 0, let comma = comma(after: members[index - 1].value.range.upperBound) else {
            edit(range, with: [])
            return reparse()
        }
        if bytes[comma + 1..<range.lowerBound].allSatisfy({ $0 == 32 || $0 == 9 }) {
            edit(comma..<range.upperBound, with: [])
        } else {
            edit(range, with: [])
            edit(comma..<comma + 1, with: [])
        }
        reparse()
    }

    /// The lines that a member has for its own, with the comment at the end of the last; nil where it shares them.
    private func lines(of range: Range<Int>) -> Range<Int>? {
        guard let start = startOfLine(holding: range.lowerBound), let end = endOfLine(after: range.upperBound) else { return nil }
        return start..<(bytes[end] == 13 ? end + 1 : end)
    }

    /// Adds elements to the end of a list; a missing value, or one that is not a list, is replaced by a list of them.
    package mutating func append(_ elements: [JSONValue], to path: [String]) {
        guard !elements.isEmpty, let list = node(at: path), let present = list.elements else { return set(path, to: .list(elements)) }
        guard let last = present.last else { return replace(list, with: .list(elements)) }
        let indent = startOfLine(holding: last.range.lowerBound) == nil ? nil : indent(of: last.range.lowerBound)
        let separator = indent.map { ",\n\($0)" } ?? ", "
        // A list on one line stays on one line.
        let writer = JSONWriter(unit: indent == nil ? nil : unit)
        let words = elements.map { writer.text($0, indent: indent ?? "") }.joined(separator: separator)
        add(words, after: last.range.upperBound, onLineOfItsOwn: indent)
        reparse()
    }

    private mutating func replace(_ node: JSONTree, with value: JSONValue) {
        edit(node.range, with: Array(JSONWriter(unit: unit).text(value, indent: indent(of: node.range.lowerBound)).utf8))
        reparse()
    }

    private mutating func insert(_ key: String, _ value: JSONValue, into object: JSONTree) {
        if let last = object.members?.last {
            let indent = startOfLine(holding: last.keyStart) == nil ? nil : indent(of: last.keyStart)
            let writer = JSONWriter(unit: indent == nil ? nil : unit)
            add(writer.member(key, value, indent: indent ?? ""), after: last.value.range.upperBound, onLineOfItsOwn: indent)
        } else {
            let outer = indent(of: object.range.lowerBound)
            let inner = outer + (unit ?? "  ")
            let close = object.range.upperBound - 1
            // Between the braces there can only be blanks and comments.
            let kept = trimmedEnd(of: object.range.lowerBound + 1..<close)
            edit(kept..<close, with: Array("\n\(inner)\(JSONWriter(unit: unit ?? "  ").member(key, value, indent: inner))\n\(outer)".utf8))
        }
        reparse()
    }

    /// Adds a further member or element after one that ends at `end`, and a comma where there is none.
    private mutating func add(_ words: String, after end: Int, onLineOfItsOwn indent: String?) {
        let comma = comma(after: end)
        guard let indent else {
            edit(end..<end, with: Array(", \(words)".utf8))
            return
        }
        let place = endOfLine(after: comma.map { $0 + 1 } ?? end) ?? comma.map { $0 + 1 } ?? end
        edit(place..<place, with: Array("\n\(indent)\(words)\(comma == nil ? "" : ",")".utf8))
        if comma == nil { edit(end..<end, with: [UInt8(ascii: ",")]) }
    }

    private mutating func edit(_ range: Range<Int>, with new: [UInt8]) { bytes.replaceSubrange(range, with: new) }

    private mutating func reparse() {
        guard let tree = try? JSONParser.tree(of: bytes) else {
            preconditionFailure("an edit left no valid JSON behind: a mistake of this file")
        }
        self.tree = tree
    }

    // MARK: The way it is written

    /// What one level is indented by: that of the first member on a line of its own, nil where all is on one line.
    private var unit: String? {
        guard let first = tree.members?.first else { return "  " }
        guard startOfLine(holding: first.keyStart) != nil else { return nil }
        let indent = indent(of: first.keyStart)
        return indent.isEmpty ? "  " : indent
    }

    /// The blanks at the start of the line that holds an offset.
    private func indent(of offset: Int) -> String {
        let start = bytes[..<offset].lastIndex(of: 10).map { $0 + 1 } ?? 0
        return String(decoding: bytes[start...].prefix { $0 == 32 || $0 == 9 }, as: UTF8.self)
    }

    /// The line break before an offset, where there is nothing between them but blanks.
    private func startOfLine(holding offset: Int) -> Int? {
        guard let start = bytes[..<offset].lastIndex(of: 10), bytes[(start + 1)..<offset].allSatisfy({ $0 == 32 || $0 == 9 }) else { return nil }
        return start
    }

    /// The line break after an offset, where there is nothing between them but blanks and comments.
    private func endOfLine(after offset: Int) -> Int? {
        var place = offset
        while place < bytes.count {
            if bytes[place] == 10 { return place }
            if bytes[place] == 13, place + 1 < bytes.count, bytes[place + 1] == 10 { return place }
            if bytes[place] == 32 || bytes[place] == 9 {
                place += 1
            } else if bytes[place...].starts(with: Array("//".utf8)) {
                return bytes[place...].firstIndex { $0 == 10 || $0 == 13 }
            } else if bytes[place...].starts(with: Array("/*".utf8)) {
                guard let end = bytes[place...].firstRange(of: Array("*/".utf8)) else { return nil }
                guard !bytes[place..<end.lowerBound].contains(10) else { return nil }
                place = end.upperBound
            } else {
                return nil
            }
        }
        return nil
    }

    /// The comma that follows, past blanks and comments.
    private func comma(after offset: Int) -> Int? {
        var parser = JSONParser(bytes)
        parser.move(to: offset)
        guard (try? parser.skip()) != nil, parser.at < bytes.count, bytes[parser.at] == UInt8(ascii: ",") else { return nil }
        return parser.at
    }

    private func trimmedEnd(of range: Range<Int>) -> Int {
        (bytes[range].lastIndex { ![9, 10, 13, 32].contains($0) } ?? range.lowerBound - 1) + 1
    }
}
