import GRDB
package import JobKit
import Scheduler

extension SQLiteStore: KeyValues {
    package func value(_ key: String, of owner: String) async throws(JobError) -> String? {
        do {
            return try await read { db in
                try String.fetchOne(db, sql: "SELECT value FROM key_values WHERE owner = ? AND key = ?", arguments: [owner, key])
            }
        } catch {
            throw JobError("the state file can't be read: \(error.message)", retry: .worthwhile)
        }
    }

    package func values(of owner: String) async throws(JobError) -> [String: String] {
        do {
            return try await read { db in
                let rows = try Row.fetchAll(db, sql: "SELECT key, value FROM key_values WHERE owner = ?", arguments: [owner])
                return Dictionary(rows.map { ($0["key"] as String, $0["value"] as String) }) { first, _ in first }
            }
        } catch {
            throw JobError("the state file can't be read: \(error.message)", retry: .worthwhile)
        }
    }

    package func set(_ values: [String: String?], of owner: String) async throws(JobError) {
        do {
            try await write { db in
                for (key, value) in values {
                    try db.execute(sql: "DELETE FROM key_values WHERE owner = ? AND key = ?", arguments: [owner, key])
                    guard let value else { continue }
                    try db.execute(
                        sql: "INSERT INTO key_values (owner, key, value) VALUES (?, ?, ?)", arguments: [owner, key, value])
                }
            }
        } catch {
            throw JobError("the state file can't be written: \(error.message)", retry: .worthwhile)
        }
    }
}
