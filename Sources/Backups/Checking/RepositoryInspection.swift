/// How much of a repository is looked at.
package struct InspectionRequest: Hashable, Sendable {
    /// A folder for downloads.
    package var scratch: String
    /// The share of the data that is read, by bytes: 0 for none, 1 for all. At least one part is read where it is not 0.
    package var share: Double
    /// Where the last reading has ended; nil for the beginning.
    package var position: String?
    /// Parts that were found damaged: they are read again, whatever else is.
    package var again: [String]

    package init(scratch: String, share: Double = 1, position: String? = nil, again: [String] = []) {
        (self.scratch, self.share, self.position, self.again) = (scratch, share, position, again)
    }
}

/// What was found in a repository. What can't be read because the place does not answer is no damage: that is thrown.
package struct RepositoryInspection: Hashable, Sendable {
    /// What the data are stored in, in the singular: `pack`, `archive`.
    package var partName: String
    /// Snapshots, those of other containers included.
    package var snapshots = 0
    package var parts = 0
    package var readParts = 0
    package var readBytes: Int64 = 0
    /// Where the next reading continues.
    package var position: String?
    /// The ids of the parts whose content was found damaged.
    package var damagedParts: [String] = []
    /// What is broken, that which concerns most files first.
    package var damage: [RepositoryDamage] = []
    /// Messages for the operator.
    package var notes: [String] = []

    package init(partName: String) { self.partName = partName }
}

/// One thing that is broken in a repository.
package struct RepositoryDamage: Hashable, Sendable {
    private static let mostNamed = 3

    /// What is broken, as a clause: `the pack 1a2b3c4d is missing`.
    package var what: String
    /// What it is stored as, in full, where it is an object of its own.
    package var object: String?
    /// Of the files that need it the first, as backups name them.
    package private(set) var files: [String] = []
    /// All files that need it.
    package private(set) var count = 0

    package init(_ what: String, object: String? = nil) { (self.what, self.object) = (what, object) }

    /// Adds a file that needs it.
    mutating func add(_ file: String) {
        count += 1
        if files.count < RepositoryDamage.mostNamed { files.append(file) }
    }
}

extension RepositoryDamage: CustomStringConvertible {
    /// `the pack 1a2b3c4d is missing, which app/a, app/b, app/c and 4 more files need`
    package var description: String {
        guard count > 0 else { return what }
        let more = count - files.count
        let names = more > 0 ? files.joined(separator: ", ") + " and \(more) more" : RepositoryDamage.listed(files)
        return "\(what), which \(names) \(count == 1 ? "needs" : "need")"
    }

    private static func listed(_ names: [String]) -> String {
        guard let last = names.last, names.count > 1 else { return names.first ?? "" }
        return names.dropLast().joined(separator: ", ") + " and " + last
    }
}

/// Which parts of a repository are read next: some each time, on from where the last reading has ended, so that all are read in time.
enum DataWalk {
    struct Part: Hashable, Sendable {
        var id: String
        /// In bytes.
        var size: Int64
    }

    /// Parts with a share of all bytes, in the order of their ids, from the first after `position` on; after the last comes the first. Pure.
    static func next(_ parts: [Part], share: Double, after position: String?) -> [Part] {
        guard share > 0 else { return [] }
        let sorted = parts.sorted { $0.id < $1.id }
        let start = position.map { last in sorted.firstIndex { $0.id > last } ?? 0 } ?? 0
        let wanted = share * Double(parts.reduce(0) { $0 + $1.size })
        var (chosen, bytes) = ([Part](), 0.0)
        for part in sorted[start...] + sorted[..<start] where chosen.isEmpty || bytes < wanted {
            chosen.append(part)
            bytes += Double(part.size)
        }
        return chosen
    }
}
