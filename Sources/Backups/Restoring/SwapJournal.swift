import Files

/// How far the replacement of a tree has come, for whoever finds it unfinished. Lies beside the unpacked tree.
enum SwapPhase: String {
    /// The new tree is verified; the old one is being moved aside, entry by entry.
    case movingOut
    /// The old tree is aside; the new one is being moved in.
    case movingIn

    private static let name: RawName = "journal"

    func write(to staging: Folder) throws(FileError) { try staging.replace(SwapPhase.name, with: Array(rawValue.utf8)) }

    static func read(from staging: Folder) -> SwapPhase? {
        (try? staging.contents(of: name)).flatMap { SwapPhase(rawValue: String(decoding: $0, as: UTF8.self)) }
    }
}
