import Synchronization

/// Takes the values of secrets out of text. All that leaves the program as log, page, answer or state goes through one.
package final class Redactor: Sendable {
    private struct Table {
        /// Patterns by their first byte, longest first; empty where there are none.
        var byFirst: [[[UInt8]]] = []
        var longest = 0
    }

    private let table: Mutex<Table>
    private let known = Mutex<Set<String>>([])
    private static let mask = Array("<secret>".utf8)

    package init(secrets: [String] = []) {
        table = Mutex(Table())
        add(secrets)
    }

    /// Adds secrets to look for; none is ever forgotten, for a process may still hold it. Values too short to be distinguished from
    /// ordinary words are left out.
    package func add(_ secrets: [String]) {
        let all = known.withLock { known in
            known.formUnion(secrets)
            return known
        }
        var table = Table()
        for pattern in all.filter({ $0.utf8.count >= SecretPatterns.shortest }).flatMap(SecretPatterns.all) {
            if table.byFirst.isEmpty { table.byFirst = Array(repeating: [], count: 256) }
            table.byFirst[Int(pattern[0])].append(pattern)
            table.longest = max(table.longest, pattern.count)
        }
        for first in table.byFirst.indices { table.byFirst[first].sort { $0.count > $1.count } }
        self.table.withLock { $0 = table }
    }

    /// Whether a value is long enough to be looked for.
    package static func canHide(_ secret: String) -> Bool { secret.utf8.count >= SecretPatterns.shortest }

    /// The length of the longest pattern, in bytes.
    var longest: Int { table.withLock { $0.longest } }

    package func redacted(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let clean = redacted(bytes)
        return clean == bytes ? text : String(decoding: clean, as: UTF8.self)
    }

    package func redacted(_ bytes: [UInt8]) -> [UInt8] {
        table.withLock { table in
            guard table.longest > 0 else { return bytes }
            var result: [UInt8] = []
            result.reserveCapacity(bytes.count)
            var index = 0
            while index < bytes.count {
                let found = table.byFirst[Int(bytes[index])].first { bytes.matches($0, at: index) }
                if let found {
                    result += Redactor.mask
                    index += found.count
                } else {
                    result.append(bytes[index])
                    index += 1
                }
            }
            return result
        }
    }
}

extension [UInt8] {
    fileprivate func matches(_ pattern: [UInt8], at start: Int) -> Bool {
        guard start + pattern.count <= count else { return false }
        for offset in pattern.indices where self[start + offset] != pattern[offset] { return false }
        return true
    }
}
