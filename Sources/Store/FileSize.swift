import Files

extension Folder {
    /// The size of what is at a path, in bytes; 0 where there is nothing. Not by Foundation, which answers with a dictionary of any values: the first service waits for this.
    static func size(ofPath path: String) -> Int64 {
        guard let slash = path.lastIndex(of: "/") else { return (try? open(".").status(RawName(path)))?.size ?? 0 }
        let folder = slash == path.startIndex ? "/" : String(path[..<slash])
        return (try? open(folder).status(RawName(String(path[path.index(after: slash)...]))))?.size ?? 0
    }
}
