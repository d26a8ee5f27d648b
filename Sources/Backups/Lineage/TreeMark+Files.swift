package import Files
import Foundation

extension BackupSource {
    /// The live tree's mark; nil where it has none, or its parts have those of different trees. Blocks: reads the disk.
    /// - Throws: Where a mark may be there and can't be read, which does not mean that there is none.
    package func readMark() throws(FileError) -> TreeMark.Reading? {
        var found: [(part: String, mark: TreeMark?)] = []
        for place in try markPlaces() { found.append((place.part, try place.read())) }
        let marks = found.compactMap(\.mark)
        guard var mark = marks.first, Set(marks.map(\.token)).count == 1 else { return nil }
        // A change that was cut short has reached some parts only.
        for other in marks.dropFirst() { mark.merge(other) }
        // A part without a mark was made since then, unless the others know it: then it is not the one that was there.
        guard !found.contains(where: { $0.mark == nil && mark.parts.contains($0.part) }) else { return nil }
        let present = Set(found.map(\.part))
        return TreeMark.Reading(mark: mark, missing: mark.parts.filter { !present.contains($0) })
    }

    /// Changes the tree's mark, or creates it. Blocks: writes to the disk and waits for it.
    ///
    /// Where it can't be written to some parts, all others have the new one. Nothing is taken back: what the mark says of the tree is true, and
    /// one part that says so is enough. A part that has no mark is in no other part's list.
    /// - Returns: The token of the mark that the tree has afterwards; nil for none.
    @discardableResult
    package func mark(_ change: (inout TreeMark) -> Void = { _ in }) throws(FileError) -> String? {
        let places = try markPlaces()
        var mark = try readMark()?.mark ?? TreeMark()
        change(&mark)
        var (unmarked, listed): ([MarkPlace], Set<String>) = ([], [])
        for place in places { if try place.read() == nil { unmarked.append(place) } else { listed.insert(place.part) } }
        // Those without a mark come first: no part is listed in another before it has the mark itself.
        for place in unmarked {
            mark.parts = places.map(\.part).filter { listed.contains($0) || $0 == place.part }
            if place.write(mark) { listed.insert(place.part) }
        }
        mark.parts = places.map(\.part).filter(listed.contains)
        for place in places where listed.contains(place.part) && (try? place.read()) != mark { _ = place.write(mark) }
        return try readMark()?.mark.token
    }

    /// The same as `readMark`, on a thread of its own.
    package func currentMark() async throws(BackupError) -> TreeMark.Reading? {
        try await DedicatedThread.run { _ throws(BackupError) in
            do throws(FileError) { return try readMark() } catch { throw .file(error) }
        }
    }

    /// The same as `mark`, on a thread of its own.
    @discardableResult
    package func setMark(_ change: @escaping @Sendable (inout TreeMark) -> Void = { _ in }) async throws(BackupError) -> String? {
        try await DedicatedThread.run { _ throws(BackupError) in
            do throws(FileError) { return try mark(change) } catch { throw .file(error) }
        }
    }

    /// The part of the source that was there and is not any more.
    package func parts(named names: [String]) -> BackupSource { BackupSource(base: base, paths: names, filter: filter) }

    /// Where a part's mark is: in a folder, or next to a file.
    private struct MarkPlace {
        var part: String
        var folder: Folder
        var name: RawName

        /// Nil where there is none, or what is there is not a mark.
        func read() throws(FileError) -> TreeMark? {
            let bytes: [UInt8]
            do { bytes = try folder.contents(of: name) } catch {
                if error.isMissing { return nil }
                throw error
            }
            return (try? JSONDecoder().decode(TreeMark.self, from: Data(bytes))) ?? earlierForm(bytes)
        }

        /// The form of 0.1.0: a token, and next to it the checksum of one backup with the parts, a line each.
        private func earlierForm(_ token: [UInt8]) -> TreeMark? {
            guard !token.isEmpty, token.count < 64, let base = try? folder.contents(of: RawName(RestoreNames.base)) else { return nil }
            let lines = String(decoding: base, as: UTF8.self).split(separator: "\n").map(String.init)
            guard let checksum = lines.first else { return nil }
            return TreeMark(
                token: checksum, backups: ["": TreeMark.Entry(checksum: checksum, at: nil)], parts: Array(lines.dropFirst()))
        }

        /// Keeps the folder's own time as it was: the mark does not count as a change of the tree.
        func write(_ mark: TreeMark) -> Bool {
            guard let bytes = mark.encoded else { return false }
            let modified = try? folder.status().modified
            guard (try? folder.replace(name, with: bytes)) != nil else { return false }
            try? folder.remove(RawName(RestoreNames.base))
            if let modified { try? folder.set(modified: modified) }
            return true
        }
    }

    private func markPlaces() throws(FileError) -> [MarkPlace] {
        var places: [MarkPlace] = []
        for item in located() {
            do throws(FileError) {
                places.append(MarkPlace(part: item.readable, folder: try Folder.open(item.place), name: RawName(RestoreNames.token)))
            } catch {
                if error.isMissing { continue }
                // A file has it next to itself.
                guard error.isNoFolder, let parent = try? Folder.open(item.parent), (try? parent.status(item.name))?.kind == .file else {
                    if error.isNoFolder { continue }
                    throw error
                }
                places.append(MarkPlace(part: item.readable, folder: parent, name: RawName(".\(item.name)\(RestoreNames.token)")))
            }
        }
        return places
    }
}

extension BackupSource {
    /// Files and bytes that are there now, as a backup counts them before it packs them; nil where nothing is there or it can't be read. Does not
    /// block the caller's thread.
    package func size() async -> Lineage.Size? {
        await DedicatedThread.run { flag in (try? TreeScan(self, flag)).map { Lineage.Size(files: $0.files, bytes: $0.bytes) } } ?? nil
    }

    /// Whether there is any file to back up. Does not block the caller's thread.
    package func holdsFiles() async -> Bool {
        await DedicatedThread.run { flag in ((try? TreeScan(self, flag))?.files ?? 0) > 0 } ?? false
    }
}

extension TreeMark {
    fileprivate var encoded: [UInt8]? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return (try? encoder.encode(self)).map(Array.init)
    }

    /// Leaves the mark in the folders of a tree that is about to take the live one's place. Blocks: writes to the disk.
    func stage(on items: [BackupSource.Item], in staging: Folder) {
        var mark = self
        mark.parts += items.map(\.readable).filter { !mark.parts.contains($0) }
        for item in items {
            guard let bytes = mark.encoded, let folder = try? staging.folder(below: item.member) else { continue }
            let modified = try? folder.status().modified
            try? folder.replace(RawName(RestoreNames.token), with: bytes)
            if let modified { try? folder.set(modified: modified) }
        }
    }
}
