import Archive
import Files

/// Things that can't be read just now, to be kept as the last backup has them.
struct EarlierCopies {
    /// More of them are left out: the list must not fill the memory.
    static let most = 100_000

    private struct Lost {
        var reason: IncompleteFile.Reason
        var detail: String
        /// What lies in the archive where the last backup has no copy.
        var otherwise: IncompleteFile.Stored
        var isFound = false
    }

    private var lost: [RawName: Lost] = [:]

    var isEmpty: Bool { lost.isEmpty }

    /// Wants a file, or a folder with all below it; false where there are too many.
    mutating func want(_ path: RawName, _ reason: IncompleteFile.Reason, _ detail: String, otherwise: IncompleteFile.Stored) -> Bool {
        guard lost.count < EarlierCopies.most else { return false }
        lost[path] = Lost(reason: reason, detail: detail, otherwise: otherwise)
        return true
    }

    /// The wanted path that a member is, or is below.
    func wanted(_ member: RawName) -> RawName? {
        if lost[member] != nil { return member }
        for end in member.bytes.indices where member.bytes[end] == 47 {
            let above = RawName(member.bytes[..<end])
            if lost[above] != nil { return above }
        }
        return nil
    }

    mutating func found(_ wanted: RawName) { lost[wanted]?.isFound = true }

    /// All of them, with what lies in the archive now, in the order of their paths.
    var incomplete: [IncompleteFile] {
        lost.sorted { $0.key < $1.key }.map { path, lost in
            IncompleteFile(path: path.readable, reason: lost.reason, detail: lost.detail, stored: lost.isFound ? .earlierCopy : lost.otherwise)
        }
    }
}
