import Files
import Foundation
import GRDB
package import Scheduler

extension SQLiteStore {
    /// What a state file holds that no program uses, in memory. The file and those next to it are only read: opening it would write to its folder,
    /// which may belong to another user. Blocks.
    ///
    /// - Throws: `StoreError` where it can't be read, is damaged, or comes from a newer program.
    package static func copy(of path: String) throws(StoreError) -> SQLiteStore {
        let files = FileManager.default
        let place = "\(TemporaryPlace.find())/shipkeeper-\(UUID().uuidString)"
        do {
            try files.createDirectory(atPath: place, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StoreError("\(place) can't be made: \(error.localizedDescription)")
        }
        defer { try? files.removeItem(atPath: place) }
        let copy = "\(place)/state.db"
        do {
            try files.copyItem(atPath: path, toPath: copy)
            // The last changes, where the program was killed.
            if files.fileExists(atPath: path + "-wal") { try files.copyItem(atPath: path + "-wal", toPath: copy + "-wal") }
        } catch {
            throw StoreError("\(path) can't be read: \(error.localizedDescription)")
        }
        return try SQLiteStore(path: copy).inMemory()
    }
}
