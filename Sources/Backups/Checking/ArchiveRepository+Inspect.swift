import Archive
import Files
import Storage
import TimeZones

extension ArchiveRepository {
    /// Looks for the archive and the checksum of each backup, and reads a share of the archives as a restore does.
    package func inspect(
        _ request: InspectionRequest, onProgress: @escaping BackupProgressReceiver
    ) async throws(BackupError) -> RepositoryInspection {
        var found = RepositoryInspection(partName: "archive")
        let versions: [StoreVersion]
        do { versions = try await store.versions() } catch { throw .store(error) }
        for version in versions {
            guard version.objects[ArchiveNames.archive] == nil, version.objects[ArchiveNames.checksum] != nil else { continue }
            found.damage.append(RepositoryDamage("the archive of the backup of \(ShownTime.text(version.date)) is missing", object: version.id))
        }
        let snapshots = try await snapshots()
        (found.snapshots, found.parts) = (snapshots.count, snapshots.count)
        let parts = snapshots.map { DataWalk.Part(id: $0.id, size: $0.storedBytes ?? 0) }
        let chosen = DataWalk.next(parts, share: request.share, after: request.position)
        let again = Set(request.again).subtracting(chosen.map(\.id))
        for snapshot in snapshots where again.contains(snapshot.id) { try await read(snapshot, request, onProgress, &found) }
        for part in chosen {
            guard let snapshot = snapshots.first(where: { $0.id == part.id }) else { continue }
            try await read(snapshot, request, onProgress, &found)
            found.position = part.id
        }
        if found.position == nil { found.position = request.position }
        return found
    }

    private func read(
        _ snapshot: Snapshot, _ request: InspectionRequest, _ onProgress: @escaping BackupProgressReceiver, _ found: inout RepositoryInspection
    ) async throws(BackupError) {
        let reason: String
        do {
            let contents = try await verify(snapshot, scratch: request.scratch, onProgress: onProgress)
            found.readParts += 1
            found.readBytes += contents.archiveBytes
            return
        } catch {
            guard case .archive(let flaw) = error else { throw error }
            switch flaw {
            case .file, .tooLarge, .cancelled: throw error
            case .damaged(let what): reason = "is damaged: \(what)"
            case .refused(let what): reason = "would be refused by a restore: \(what)"
            }
        }
        // Removed by another container meanwhile.
        guard try await self.snapshots().contains(where: { $0.id == snapshot.id }) else { return }
        found.readParts += 1
        found.damagedParts.append(snapshot.id)
        found.damage.append(RepositoryDamage("the archive of the backup of \(ShownTime.text(snapshot.date)) \(reason)", object: snapshot.id))
    }
}
