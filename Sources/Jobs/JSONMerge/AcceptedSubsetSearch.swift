import JSON5

/// Finds out how much of what is wanted a validator accepts.
struct AcceptedSubsetSearch {
    enum Verdict: Hashable, Sendable {
        case accepted
        /// With what the validator printed.
        case rejected(String)
        /// The validator did not get to judge.
        case unknown(String)
    }

    struct Result: Sendable {
        var kept: [MergeOperation]
        /// Paths of what was left out.
        var dropped: [[String]] = []
        /// A further note for the report.
        var note: String?
    }

    /// Validators start whole programs: what would need more looks than this is left out.
    private static let mostLooks = 60

    let base: JSONDocument
    let validate: (JSONDocument) async -> Verdict
    private var looks = 0
    private var dropped: [[String]] = []

    init(base: JSONDocument, validate: @escaping (JSONDocument) async -> Verdict) {
        self.base = base
        self.validate = validate
    }

    mutating func run(_ operations: [MergeOperation]) async -> Result {
        switch await look(operations, on: base) {
        case .accepted: return Result(kept: operations)
        case .unknown(let reason): return Result(kept: operations, note: "it was not validated: \(reason)")
        case .rejected(let words):
            if let result = await withoutNamed(operations, words) { return result }
            guard case .accepted = await validate(base) else {
                return Result(kept: operations, note: "the validator does not accept it, and did not before")
            }
            // All that is kept has been accepted, whatever could not be tried any more.
            let kept = await accepted(of: operations, on: base)
            let note = looks < AcceptedSubsetSearch.mostLooks ? nil : "not everything was tried: the validator was asked \(looks) times"
            return Result(kept: kept, dropped: dropped, note: note)
        }
    }

    private mutating func look(_ operations: [MergeOperation], on document: JSONDocument) async -> Verdict {
        guard looks < AcceptedSubsetSearch.mostLooks else { return .rejected("") }
        looks += 1
        return await validate(operations.applied(to: document).document)
    }

    private mutating func isAccepted(_ operations: [MergeOperation], on document: JSONDocument) async -> Bool {
        if case .accepted = await look(operations, on: document) { true } else { false }
    }

    // MARK: By what the validator names

    /// Validators name what they reject: without that it may pass at once.
    private mutating func withoutNamed(_ operations: [MergeOperation], _ words: String) async -> Result? {
        var (rest, words, dropped) = (operations, words, [[String]]())
        for _ in 0..<4 {
            var named: [[String]] = []
            rest = rest.flatMap { AcceptedSubsetSearch.without(named: words, $0, &named) }
            if named.isEmpty { return nil }
            dropped += named
            switch await look(rest, on: base) {
            case .accepted: return Result(kept: rest, dropped: dropped)
            case .rejected(let further): words = further
            case .unknown: return nil
            }
        }
        return nil
    }

    /// The operation without the smallest parts that the message names.
    private static func without(named words: String, _ operation: MergeOperation, _ named: inout [[String]]) -> [MergeOperation] {
        let before = named.count
        let parts = operation.parts.flatMap { without(named: words, $0, &named) }
        if named.count > before { return parts }
        // The name of a group at the top may stand in any sentence; a path of several names is meant.
        guard operation.parts.isEmpty || operation.path.count > 1, words.names(operation.path) else { return [operation] }
        named.append(operation.path)
        return []
    }

    // MARK: By trying

    /// As much of operations as is accepted, where together they are not.
    private mutating func accepted(of operations: [MergeOperation], on document: JSONDocument) async -> [MergeOperation] {
        if operations.count == 1 {
            let parts = operations[0].parts
            if parts.isEmpty { dropped.append(operations[0].path) }
            return parts.isEmpty ? [] : await accepted(of: parts, on: document)
        }
        for (index, operation) in operations.enumerated() {
            var others = operations
            others.remove(at: index)
            guard await isAccepted(others, on: document) else { continue }
            return others + (await accepted(of: [operation], on: others.applied(to: document).document))
        }
        var kept: [MergeOperation] = []
        for operation in operations {
            let sofar = kept.applied(to: document).document
            kept += await isAccepted([operation], on: sofar) ? [operation] : await accepted(of: [operation], on: sofar)
        }
        return kept
    }
}

extension String {
    /// Whether a path is named: as a whole, or by the group it is in and its own name in quotes.
    fileprivate func names(_ path: [String]) -> Bool {
        if holds(path) { return true }
        guard path.count > 1, let key = path.last, holds(Array(path.dropLast())) else { return false }
        return ["\"", "'", "`"].contains { contains("\($0)\(key)\($0)") }
    }

    /// With dots, or as a JSON pointer.
    private func holds(_ path: [String]) -> Bool {
        holdsWord(path.joined(separator: "."), ".") || holdsWord("/" + path.joined(separator: "/"), "/")
    }

    /// Whether the word is there as such, and not as a part of a longer one.
    private func holdsWord(_ word: String, _ separator: Character) -> Bool {
        var rest = self[...]
        while let range = rest.firstRange(of: word) {
            let before = range.lowerBound == startIndex ? nil : self[index(before: range.lowerBound)]
            let (after, next) = (rest[range.upperBound...].first, rest[range.upperBound...].dropFirst().first)
            let goesOn = after.map { $0.isWord || ($0 == separator && next?.isWord == true) } ?? false
            if before?.isWord != true, before != separator, !goesOn { return true }
            rest = rest[range.upperBound...]
        }
        return false
    }
}

extension Character {
    fileprivate var isWord: Bool { isLetter || isNumber || self == "_" || self == "-" }
}
