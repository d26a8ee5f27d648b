import Files

/// The first bytes of a SQLite database. See sqlite.org/fileformat2.html §1.3.
struct SQLiteHeader: Hashable {
    static let size = 100
    private static let magic = Array("SQLite format 3\0".utf8)
    /// What the header of every database holds there, whatever its age.
    private static let payloadFractions: [UInt8] = [64, 32, 32]

    private let bytes: [UInt8]

    /// Nil where the bytes only begin like a database, as a text about databases may.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= SQLiteHeader.size, bytes.starts(with: SQLiteHeader.magic), Array(bytes[21..<24]) == SQLiteHeader.payloadFractions
        else { return nil }
        self.bytes = Array(bytes.prefix(SQLiteHeader.size + 1))
        let pageSize = Int(bytes[16]) << 8 | Int(bytes[17])
        guard pageSize == 1 || (pageSize >= 512 && pageSize & (pageSize - 1) == 0) else { return nil }
    }

    /// Reads the header of an open file; nil where it is no database.
    init?(of file: OpenFile) throws(FileError) {
        self.init(try file.read(SQLiteHeader.size + 1, at: 0))
    }

    /// Whether changes go into a log beside the database.
    var hasLog: Bool { bytes[18] == 2 || bytes[19] == 2 }

    /// Whether it may be read by a newer SQLite than any we know.
    var isOfNewerFormat: Bool { bytes[19] > 2 }

    /// Whether all but the header seems encrypted: room is kept at the end of each page, and the first one is no page of a tree.
    var seemsEncrypted: Bool { bytes[20] > 0 && bytes.count > SQLiteHeader.size && ![5, 13].contains(bytes[SQLiteHeader.size]) }
}

/// A database as a name in a folder.
enum SQLiteFile {
    /// The endings of files that belong to a database.
    enum Companion: String, CaseIterable {
        case log = "-wal"
        case memory = "-shm"
        case journal = "-journal"

        func name(of database: RawName) -> RawName { RawName(database.bytes + Array(rawValue.utf8)) }

        /// The database that a file would belong to; nil for other names.
        static func database(of name: RawName) -> RawName? {
            for ending in allCases.map({ Array($0.rawValue.utf8) })
            where name.bytes.count > ending.count && name.bytes.suffix(ending.count).elementsEqual(ending) {
                return RawName(name.bytes.dropLast(ending.count))
            }
            return nil
        }
    }

    /// Known by its header, not by its name. One that can't be read is none.
    static func isDatabase(_ name: RawName, in folder: Folder) -> Bool {
        guard let status = try? folder.status(name), status.kind == .file, let file = try? folder.file(name) else { return false }
        return ((try? SQLiteHeader(of: file)) ?? nil) != nil
    }

    /// Whether a file belongs to a database that lies beside it and is stored with it or instead of it. One beside a database that can't
    /// be read belongs to it too: with an earlier copy of that it would make no sense.
    static func isCompanion(_ name: RawName, in folder: Folder) -> Bool {
        guard let database = Companion.database(of: name), let status = try? folder.status(database), status.kind == .file else { return false }
        do throws(FileError) {
            return try SQLiteHeader(of: folder.file(database)) != nil
        } catch {
            return !error.isMissing
        }
    }
}
