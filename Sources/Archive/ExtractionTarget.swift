import Files

/// Where an extraction leaves what it has judged.
protocol ExtractionTarget: AnyObject {
    /// What could not be set as the archive says, such as owners.
    var notes: [String] { get }

    /// - Parameter isImplied: Whether no member names it.
    func makeFolder(_ place: MemberPlace, isImplied: Bool) throws(FileError)
    func makeFile(_ place: MemberPlace) throws(FileError) -> any ContentSink
    func makeHardLink(_ place: MemberPlace, to old: MemberPlace) throws(FileError)
    func makeLink(_ place: MemberPlace, to target: RawName, _ entry: TreeEntry) throws(FileError)
    /// Removes all but a folder.
    func remove(_ place: MemberPlace) throws(FileError)
    /// The mode and time of a folder whose content is complete.
    func finish(_ place: MemberPlace, _ entry: TreeEntry) throws(FileError)
}

/// Takes the content of one file.
protocol ContentSink: AnyObject {
    func write(_ bytes: [UInt8]) throws(FileError)
    func skip(_ length: Int64) throws(FileError)
    /// Sets the file's owner, mode and time as in the archive.
    func finish(_ entry: TreeEntry) throws(FileError)
}

/// Writes nothing: for checking whether an archive could be unpacked.
final class NoTarget: ExtractionTarget {
    private final class Nothing: ContentSink {
        func write(_ bytes: [UInt8]) {}
        func skip(_ length: Int64) {}
        func finish(_ entry: TreeEntry) {}
    }

    let notes: [String] = []

    func makeFolder(_ place: MemberPlace, isImplied: Bool) {}
    func makeFile(_ place: MemberPlace) -> any ContentSink { Nothing() }
    func makeHardLink(_ place: MemberPlace, to old: MemberPlace) {}
    func makeLink(_ place: MemberPlace, to target: RawName, _ entry: TreeEntry) {}
    func remove(_ place: MemberPlace) {}
    func finish(_ place: MemberPlace, _ entry: TreeEntry) {}
}
