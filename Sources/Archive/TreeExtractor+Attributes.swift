import Files

extension TreeExtractor {
    /// An entry that is kept until the end. Its attributes are left out, with a line, where those of all would fill the memory.
    func kept(_ entry: TreeEntry) -> TreeEntry {
        guard !entry.attributes.isEmpty else { return entry }
        let bytes = entry.attributes.reduce(0) { $0 + $1.name.bytes.count + $1.value.count }
        guard keptAttributeBytes + bytes <= ExtractionLimits.keptAttributeBytes else {
            var plain = entry
            plain.attributes = []
            report.skip("\(entry.path.readable): its extended attributes, for those of all folders and links are too large")
            return plain
        }
        keptAttributeBytes += bytes
        return entry
    }
}
