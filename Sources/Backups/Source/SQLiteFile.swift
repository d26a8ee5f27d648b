import CSQLite
import Files
import Storage
import Glibc

/// Copies a live SQLite database as a whole, without changing a byte of it or holding up its writers for long.
///
/// Read-only, all pages in one step: with fewer a busy writer starts the copy anew for ever. Every `unsafe` word about
/// SQLite in this room stands in this file.
enum SQLiteFile {
    enum CopyFailure: Error, Hashable {
        /// Locked for longer than we wait.
        case busy(String)
        case damaged(String)
        case failed(String)
        case diskFull
    }

    private static let header = Array("SQLite format 3\0".utf8)

    /// Known by its first 16 bytes, not by its name.
    static func isDatabase(_ name: RawName, in folder: Folder) -> Bool {
        guard let status = try? folder.status(name), status.kind == .file, status.size >= 100,
            let file = try? folder.file(name), let bytes = try? file.read(16)
        else { return false }
        return bytes == header
    }

    /// Copies into a new file and checks the copy.
    /// - Parameters:
    ///   - path: Of the live database.
    ///   - deadline: How long a locked database is waited for, in seconds.
    static func copy(_ path: String, to copy: String, deadline: Double) throws(CopyFailure) {
        let source = try Connection(uri: "file:\(escaped(path))?mode=ro", flags: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI)
        source.wait(milliseconds: 5000)
        let target = try Connection(uri: copy, flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
        try target.run("PRAGMA synchronous = OFF")
        let end = monotonicSeconds() + deadline
        while true {
            let result = target.backUp(from: source)
            if result == SQLITE_DONE { break }
            guard result == SQLITE_BUSY || result == SQLITE_LOCKED else { throw target.failure(result) }
            guard monotonicSeconds() < end else { throw .busy("it was locked for \(Int(deadline)) s") }
            usleep(100_000)
        }
        try check(target)
    }

    /// Opens a copy for writing, so that SQLite rolls a hot journal back, and checks it.
    static func check(_ copy: String) throws(CopyFailure) {
        try check(Connection(uri: copy, flags: SQLITE_OPEN_READWRITE))
    }

    private static func check(_ connection: borrowing Connection) throws(CopyFailure) {
        let verdict = try connection.firstText("PRAGMA quick_check(1)")
        guard verdict == "ok" else { throw .damaged(verdict ?? "no answer") }
    }

    private static func escaped(_ path: String) -> String {
        path.utf8.reduce(into: "") { text, byte in
            switch byte {
            case UInt8(ascii: "%"): text += "%25"
            case UInt8(ascii: "?"): text += "%3f"
            case UInt8(ascii: "#"): text += "%23"
            case 128...: text += "%" + [byte].hex
            default: text.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
    }

    private static func monotonicSeconds() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// An open database, closed once.
    @safe private struct Connection: ~Copyable {
        private let raw: OpaquePointer

        init(uri: String, flags: Int32) throws(CopyFailure) {
            var opened: OpaquePointer?
            let result = unsafe sqlite3_open_v2(uri, &opened, flags, nil)
            guard result == SQLITE_OK, let opened = unsafe opened else {
                unsafe sqlite3_close_v2(opened)
                throw .failed("SQLite could not open it: \(unsafe String(cString: sqlite3_errstr(result)))")
            }
            unsafe raw = unsafe opened
        }

        deinit { unsafe sqlite3_close_v2(raw) }

        func wait(milliseconds: Int32) { unsafe _ = sqlite3_busy_timeout(raw, milliseconds) }

        func backUp(from source: borrowing Connection) -> Int32 {
            guard let backup = unsafe sqlite3_backup_init(raw, "main", source.raw, "main") else { return unsafe sqlite3_errcode(raw) }
            let result = unsafe sqlite3_backup_step(backup, -1)
            let finished = unsafe sqlite3_backup_finish(backup)
            return result == SQLITE_DONE && finished != SQLITE_OK ? finished : result
        }

        func run(_ sql: String) throws(CopyFailure) {
            let result = unsafe sqlite3_exec(raw, sql, nil, nil, nil)
            guard result == SQLITE_OK else { throw failure(result) }
        }

        func firstText(_ sql: String) throws(CopyFailure) -> String? {
            var statement: OpaquePointer?
            let prepared = unsafe sqlite3_prepare_v2(raw, sql, -1, &statement, nil)
            defer { unsafe sqlite3_finalize(statement) }
            guard prepared == SQLITE_OK else { throw failure(prepared) }
            let result = unsafe sqlite3_step(statement)
            guard result == SQLITE_ROW else { throw failure(result) }
            return unsafe sqlite3_column_text(statement, 0).map { unsafe String(cString: $0) }
        }

        func failure(_ code: Int32) -> CopyFailure {
            let words = unsafe String(cString: sqlite3_errmsg(raw))
            switch code & 0xff {
            case SQLITE_BUSY, SQLITE_LOCKED: return .busy(words)
            case SQLITE_CORRUPT, SQLITE_NOTADB: return .damaged(words)
            case SQLITE_FULL: return .diskFull
            default: return .failed(words)
            }
        }
    }
}
