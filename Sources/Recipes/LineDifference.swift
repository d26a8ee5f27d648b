/// The lines that two texts don't share, as `diff -u` shows them.
package enum LineDifference {
    private enum Line {
        case same(Substring), removed(Substring), added(Substring)

        var isSame: Bool { if case .same = self { true } else { false } }
        var text: String {
            switch self {
            case .same(let text): " \(text)"
            case .removed(let text): "-\(text)"
            case .added(let text): "+\(text)"
            }
        }
    }

    private static let context = 3

    /// Nothing where both are the same.
    /// - Parameter old: Nil for a file that is not there.
    package static func lines(_ path: String, from old: String?, to new: String) -> [String] {
        let all = aligned(lines(old ?? ""), lines(new))
        guard old == nil || all.contains(where: { !$0.isSame }) else { return [] }
        var result = [old == nil ? "--- /dev/null" : "--- \(path)", "+++ \(path)"]
        var index = 0
        while let first = all[index...].firstIndex(where: { !$0.isSame }) {
            var last = first
            var next = first + 1
            while next < all.count, next <= last + 2 * context {
                if !all[next].isSame { last = next }
                next += 1
            }
            let range = max(index, first - context)..<min(all.count, last + context + 1)
            result.append(header(all, range))
            result += all[range].map(\.text)
            index = range.upperBound
        }
        return result
    }

    private static func header(_ all: [Line], _ range: Range<Int>) -> String {
        func span(_ isCounted: (Line) -> Bool) -> String {
            let count = all[range].count(where: isCounted)
            let before = all[..<range.lowerBound].count(where: isCounted)
            return "\(count == 0 ? before : before + 1),\(count)"
        }
        let old = span { if case .added = $0 { false } else { true } }
        let new = span { if case .removed = $0 { false } else { true } }
        return "@@ -\(old) +\(new) @@"
    }

    /// Carriage returns are kept: Swift takes one together with the line feed as a single character.
    private static func lines(_ text: String) -> [Substring] {
        var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { Substring($0) }
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    private static func aligned(_ old: [Substring], _ new: [Substring]) -> [Line] {
        let change = new.difference(from: old)
        let removed = Set(change.removals.map { if case .remove(let offset, _, _) = $0 { offset } else { -1 } })
        let added = Set(change.insertions.map { if case .insert(let offset, _, _) = $0 { offset } else { -1 } })
        var result: [Line] = []
        var (i, j) = (0, 0)
        while i < old.count || j < new.count {
            if removed.contains(i) {
                result.append(.removed(old[i]))
                i += 1
            } else if added.contains(j) {
                result.append(.added(new[j]))
                j += 1
            } else {
                result.append(.same(old[i]))
                (i, j) = (i + 1, j + 1)
            }
        }
        return result
    }
}
