/// What a look at a database of our own has found.
enum DatabaseVerdict: Hashable {
    case whole
    /// This SQLite can't tell: something of another program is missing here.
    case unchecked(String)
    case damaged(String)
}

extension SQLiteConnection {
    /// Checks every page. What only the database's own program can judge does not make it damaged.
    borrowing func verdict(_ header: SQLiteHeader?) throws(SQLiteFailure) -> DatabaseVerdict {
        do throws(SQLiteFailure) {
            try run("SELECT count(*) FROM sqlite_master")
        } catch {
            return try verdictWithoutSchema(error, header)
        }
        do throws(SQLiteFailure) {
            // A rule of the program's own that a row breaks is no damage.
            try run("PRAGMA ignore_check_constraints = ON")
            let verdict = try firstText("PRAGMA quick_check(1)")
            if verdict == "ok" { return .whole }
            // The first line only names the database.
            return .damaged(verdict?.split(separator: "\n").last.map(String.init) ?? "no answer")
        } catch {
            return try SQLiteConnection.verdict(error)
        }
    }

    private static func verdict(_ failure: SQLiteFailure) throws(SQLiteFailure) -> DatabaseVerdict {
        switch failure {
        case .diskFull: throw failure
        case .damaged(let words): return .damaged(words)
        case .busy(let words), .unknown(let words), .closed(let words): return .unchecked(words)
        }
    }

    /// The schema can't be taken in. Where it can be read as a plain table and is text, it speaks of what this SQLite does not know.
    private borrowing func verdictWithoutSchema(_ failure: SQLiteFailure, _ header: SQLiteHeader?) throws(SQLiteFailure) -> DatabaseVerdict {
        guard case .damaged(let words) = failure else { return try SQLiteConnection.verdict(failure) }
        if header?.isOfNewerFormat == true || header?.seemsEncrypted == true { return .unchecked(words) }
        let odd = "SELECT count(*) FROM sqlite_master WHERE typeof(sql) NOT IN ('text', 'null') OR instr(CAST(sql AS BLOB), x'00') > 0"
        do throws(SQLiteFailure) {
            try run("PRAGMA writable_schema = ON")
            return try firstText(odd) == "0" ? .unchecked(words) : .damaged(words)
        } catch {
            if case .diskFull = error { throw error }
            return .damaged(words)
        }
    }
}
