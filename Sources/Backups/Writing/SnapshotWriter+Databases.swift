import Archive
import Files

/// How databases get into the archive: as a copy of one instant, or in the best way there is. None is left out.
extension SnapshotWriter {
    func addDatabase(_ found: FoundMember, _ file: OpenFile, _ status: FileStatus, _ tar: TarWriter) throws {
        defer { databases.clear() }
        let copy: DatabaseCopier.Copy
        do {
            copy = try databases.copy(found.name, in: found.folder)
        } catch {
            // Its log can't be read, or not all of the database.
            if error.isMissing || error.isShortage || error.isDiskFull || error.isCancelled { throw error }
            try addContent(found, file, status, tar)
            return lose(found.path, .unreadable, error.cause, otherwise: .asRead)
        }
        var member = entry(found, .file, file)
        (member.mode, member.modified) = (status.mode, status.modified)
        // The log's time counts too: in that mode the database file itself may not move for days.
        if let log = found.log, log.size > 0 { member.modified = max(member.modified, log.modified) }
        try add(DatabaseCopier.copy, member, tar)
        report.databases += 1
        judge(copy.verdict, found)
        // A log that is left fits this copy, and not the earlier one that may take its place.
        guard case .of = copy.verdict else { return }
        for companion in copy.companions {
            var extra = member
            extra.path = companion.name(of: member.path)
            try add(companion.name(of: DatabaseCopier.copy), extra, tar)
        }
    }

    private func add(_ name: RawName, _ member: TreeEntry, _ tar: TarWriter) throws {
        let file = try scratch.file(name)
        if let failure = try store(file, file.status(), member, tar).failure { throw failure }
    }

    private func judge(_ verdict: DatabaseCopier.Verdict, _ found: FoundMember) {
        switch verdict {
        case .of(.whole): break
        case .of(.unchecked(let words)):
            report.note("\(found.path.readable) could not be checked (\(words)); it is stored as it was copied")
        case .of(.damaged(let words)):
            report.incomplete.append(IncompleteFile(path: found.path.readable, reason: .damaged, detail: words, stored: .asRead))
        case .locked(let words): lose(found.path, .locked, words, otherwise: .asRead)
        case .moving: lose(found.path, .changed, "it was written to each time it was copied", otherwise: .asRead)
        }
    }
}
