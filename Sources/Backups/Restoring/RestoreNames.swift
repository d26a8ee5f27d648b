import Buckets
import Crypto
import Files

extension RestoreNames {
    /// The folder that a restore unpacks into, next to the tree of that name or, as `tree`, inside it.
    static func staging(_ name: RawName, _ id: String) -> RawName { RawName([46] + stem(name) + Array("\(stagingMark)\(id)".utf8)) }

    /// Where the old tree is kept.
    static func before(_ name: RawName, _ id: String) -> RawName { RawName([46] + stem(name) + Array("\(beforeMark)\(id)".utf8)) }

    static func isStaging(_ found: RawName, of name: RawName) -> Bool { begins(found, name, stagingMark) }
    static func isBefore(_ found: RawName, of name: RawName) -> Bool { begins(found, name, beforeMark) }

    /// In a folder that is replaced entry by entry.
    static let inside: RawName = "tree"

    private static let stagingMark = ".restore-"
    private static let beforeMark = ".before-"
    /// Longer names leave no room for what is added: the system takes 255 bytes.
    private static let mostBytes = 160

    /// A long name is cut, at a character, and distinguished from others by its digest.
    private static func stem(_ name: RawName) -> [UInt8] {
        guard name.bytes.count > mostBytes else { return name.bytes }
        var start = name.bytes.prefix(100)
        while let last = start.last, last & 0xc0 == 0x80 { start.removeLast() }
        if let last = start.last, last & 0x80 != 0 { start.removeLast() }
        return start + Array("~\(SHA256.hash(data: name.bytes).hex.prefix(16))".utf8)
    }

    private static func begins(_ found: RawName, _ name: RawName, _ mark: String) -> Bool {
        [stem(name), name.bytes].contains { found.bytes.starts(with: [46] + $0 + Array(mark.utf8)) }
    }
}
