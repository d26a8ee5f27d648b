import Files

/// How far the replacement of a tree has come, for a program that finds it unfinished. Is in the folder where the replacement is prepared.
enum SwapPhase: String {
    /// The new tree is verified and on disk; the old one is being moved aside, entry by entry.
    case movingOut
    /// Something of the old tree can't be moved; what was moved goes back.
    case movingBack
    /// The old tree is aside; the new one is being moved in.
    case movingIn

    private static let name: RawName = "journal"

    func write(to staging: Folder) throws(FileError) { try staging.replace(SwapPhase.name, with: Array(rawValue.utf8)) }

    /// Nil where there is none: nothing was begun. An error of reading it is thrown.
    static func read(from staging: Folder) throws(FileError) -> SwapPhase? {
        do {
            return SwapPhase(rawValue: String(decoding: try staging.contents(of: name), as: UTF8.self))
        } catch {
            if error.isMissing { return nil }
            throw error
        }
    }
}
