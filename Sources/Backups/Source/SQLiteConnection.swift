import Buckets
import CSQLite
import Files
import Glibc

/// What SQLite said when it failed.
enum SQLiteFailure: Error, Hashable {
    /// Another has a lock, or is just bringing the log in order.
    case busy(String)
    /// A page makes no sense, or the file is no database that this SQLite knows.
    case damaged(String)
    /// There is no such thing here: a collation, a function, a module, a newer syntax.
    case unknown(String)
    /// It could not be opened, or could not be read without changing something beside it.
    case closed(String)
    case diskFull

    var displayText: String {
        switch self {
        case .busy(let words), .damaged(let words), .unknown(let words), .closed(let words): words
        case .diskFull: "the disk is full"
        }
    }
}

/// An open database, closed once. Every `unsafe` word about SQLite in this module stands in this file.
@safe struct SQLiteConnection: ~Copyable {
    private let raw: OpaquePointer

    /// Opens a live database so that nothing beside it changes: no file comes, goes or gets another time.
    /// - Parameter folder: Stays open meanwhile: the database is found through its descriptor.
    static func reader(of name: RawName, in folder: Folder) throws(SQLiteFailure) -> SQLiteConnection {
        guard isReaderKnown else { throw .closed("SQLite has no place for our way of reading") }
        let path = folder.descriptorPath.map { Array($0.utf8) } ?? Array(folder.path.utf8)
        let uri = "file:\(escaped(path + [47] + name.bytes))?mode=ro&readonly_shm=1&vfs=\(readerName)"
        return try SQLiteConnection(uri: uri, flags: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI)
    }

    /// Opens a database of our own, which is made where it is missing.
    init(path: String) throws(SQLiteFailure) {
        try self.init(uri: path, flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
    }

    private init(uri: String, flags: Int32) throws(SQLiteFailure) {
        var opened: OpaquePointer?
        let result = unsafe sqlite3_open_v2(uri, &opened, flags, nil)
        guard result == SQLITE_OK, let opened = unsafe opened else {
            unsafe sqlite3_close_v2(opened)
            throw .closed("SQLite could not open it: \(unsafe String(cString: sqlite3_errstr(result)))")
        }
        unsafe raw = unsafe opened
        unsafe _ = sqlite3_extended_result_codes(raw, 1)
    }

    deinit { unsafe sqlite3_close_v2(raw) }

    private static let readerName = "shipkeeper-reader"
    // SQLite keeps the name: it must live as long as the program.
    private static let isReaderKnown = unsafe csqlite_register_reader(strdup(readerName)) == SQLITE_OK

    private static func escaped(_ path: [UInt8]) -> String {
        path.reduce(into: "") { text, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), 45, 46, 47, 95:
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default: text += "%" + [byte].hex
            }
        }
    }

    /// How long SQLite itself waits for a lock.
    func wait(milliseconds: Int32) { unsafe _ = sqlite3_busy_timeout(raw, milliseconds) }

    private static let pagesAtOnce: Int32 = 1024

    /// Takes over all of another database as it is at one instant, however long it takes: one read transaction lasts from the first page to
    /// the last. With one for each step a busy writer would start the copy again and again.
    ///
    /// - Parameter onStep: Called with the bytes that are copied and those of the whole; false ends the copy.
    func take(from source: borrowing SQLiteConnection, onStep: (_ done: Int64, _ total: Int64) -> Bool = { _, _ in true }) throws(SQLiteFailure) {
        try source.run("BEGIN")
        defer { try? source.run("ROLLBACK") }
        // It begins with the first look; this one needs no schema, which another program may have to explain.
        _ = try source.firstText("PRAGMA schema_version")
        let pageSize = try source.firstText("PRAGMA page_size").flatMap { Int64($0) } ?? 4096
        guard let backup = unsafe sqlite3_backup_init(raw, "main", source.raw, "main") else { throw failure(unsafe sqlite3_extended_errcode(raw)) }
        var result = SQLITE_OK
        var isWanted = true
        while result == SQLITE_OK, isWanted {
            result = unsafe sqlite3_backup_step(backup, SQLiteConnection.pagesAtOnce)
            let (total, left) = unsafe (Int64(sqlite3_backup_pagecount(backup)), Int64(sqlite3_backup_remaining(backup)))
            if result == SQLITE_OK { isWanted = onStep((total - left) * pageSize, total * pageSize) }
        }
        let finished = unsafe sqlite3_backup_finish(backup)
        guard isWanted else { throw .closed("cancelled") }
        let verdict = result == SQLITE_DONE ? finished : result
        guard verdict == SQLITE_OK || verdict == SQLITE_DONE else { throw failure(verdict) }
    }

    func run(_ sql: String) throws(SQLiteFailure) {
        let result = unsafe sqlite3_exec(raw, sql, nil, nil, nil)
        guard result == SQLITE_OK else { throw failure(result) }
    }

    /// The first value of the first row as text.
    func firstText(_ sql: String) throws(SQLiteFailure) -> String? {
        var statement: OpaquePointer?
        let prepared = unsafe sqlite3_prepare_v2(raw, sql, -1, &statement, nil)
        defer { unsafe sqlite3_finalize(statement) }
        guard prepared == SQLITE_OK else { throw failure(prepared) }
        let result = unsafe sqlite3_step(statement)
        guard result == SQLITE_ROW else { throw failure(result) }
        return unsafe sqlite3_column_text(statement, 0).map { unsafe String(cString: $0) }
    }

    /// Steps of statements between two looks at how much has been read.
    private static let stepsAtOnce: Int32 = 2000

    /// Tells how many bytes of the database are read from now on, while statements run; those that are read twice count twice.
    /// - Parameter onRead: False interrupts the statement.
    /// - Returns: What `endWatch` takes, which must follow.
    func beginWatch(_ onRead: @escaping (Int64) -> Bool) -> PageWatch {
        let pageSize = (try? firstText("PRAGMA page_size")).flatMap { $0 }.flatMap { Int64($0) }
        let watch = unsafe PageWatch(raw: raw, pageSize: pageSize ?? 4096, onRead: onRead)
        unsafe sqlite3_progress_handler(
            raw, SQLiteConnection.stepsAtOnce, { watch in unsafe PageWatch.from(watch)?.look() ?? true ? 0 : 1 }, Unmanaged.passUnretained(watch).toOpaque())
        return watch
    }

    func endWatch(_ watch: PageWatch) {
        unsafe sqlite3_progress_handler(raw, 0, nil, nil)
        withExtendedLifetime(watch) {}
    }

    private func failure(_ code: Int32) -> SQLiteFailure {
        let words = unsafe String(cString: sqlite3_errcode(raw) & 0xff == code & 0xff ? sqlite3_errmsg(raw) : sqlite3_errstr(code))
        switch code & 0xff {
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: return .busy(words)
        case SQLITE_CORRUPT, SQLITE_NOTADB: return .damaged(words)
        case SQLITE_FULL: return .diskFull
        // "Recovery": the writer is just building the index of its log.
        case SQLITE_READONLY where code == SQLITE_READONLY | (1 << 8): return .busy(words)
        case SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_IOERR, SQLITE_PERM, SQLITE_AUTH, SQLITE_NOMEM: return .closed(words)
        default: return .unknown(words)
        }
    }
}

/// Asks SQLite how many pages it has read.
@safe final class PageWatch {
    private let raw: OpaquePointer
    private let pageSize: Int64
    private let onRead: (Int64) -> Bool

    init(raw: OpaquePointer, pageSize: Int64, onRead: @escaping (Int64) -> Bool) {
        unsafe self.raw = unsafe raw
        self.pageSize = pageSize
        self.onRead = onRead
    }

    static func from(_ pointer: UnsafeMutableRawPointer?) -> PageWatch? {
        unsafe pointer.map { unsafe Unmanaged<PageWatch>.fromOpaque($0).takeUnretainedValue() }
    }

    func look() -> Bool {
        var (now, highest): (Int32, Int32) = (0, 0)
        unsafe _ = sqlite3_db_status(raw, SQLITE_DBSTATUS_CACHE_MISS, &now, &highest, 0)
        return onRead(Int64(now) * pageSize)
    }
}
