package import Buckets
package import Files
import Foundation

extension ManifestStore {
    /// Contents that belong to no version are left alone for so long, in seconds: another client may be about to commit them.
    private static let grace: TimeInterval = 86_400

    // MARK: Removing

    package var removal: StoreRemoval { backend.traits.removal }

    /// Deletes records first, then contents that no remaining record names, those of cut-short commits over a day old included.
    /// - Throws: `damaged` where a record that stays can't be read: nothing is deleted then.
    package func remove(_ versions: [StoreVersion], keeping kept: [StoreVersion]) async throws(StorageError) -> Int {
        let numbers = try await numbers()
        guard let head = numbers.last, kept.first?.manifestNumber == head else { return 0 }
        let gone = Set(versions.compactMap(\.manifestNumber)).intersection(numbers).subtracting([head])
        // What the others hold is looked up before anything goes; one of them that can't be read ends it here.
        var (held, released): (Set<ByteKey>, Set<ByteKey>) = ([], [])
        for number in numbers where !gone.contains(number) { held.formUnion(try await keys(of: number)) }
        for number in gone { released.formUnion((try? await keys(of: number)) ?? []) }
        try await backend.remove(gone.sorted().map(VersionManifest.key))
        let stored = try await backend.list(prefix: "objects/")
        let newest = stored.compactMap(\.modified).max() ?? .distantPast
        // With what a commit that was cut short has left.
        let doomed = stored.filter { object in
            let key = ByteKey(object.name)
            return !held.contains(key)
                && (released.contains(key) || newest.timeIntervalSince(object.modified ?? newest) > ManifestStore.grace)
        }
        // A name that is no backend's is not ours.
        try await backend.remove(doomed.map(\.name).filter { (try? BackendName.check($0)) != nil })
        return gone.count
    }

    private func keys(of number: Int) async throws(StorageError) -> [ByteKey] { try await manifest(number).objects.values.map { ByteKey($0.key) } }

    // MARK: Looking around

    package func space() async throws(StorageError) -> StoreSpace? { try await backend.space() }

    /// Reads the newest version, and has the backend try the rest.
    package func diagnose(scratch: Folder) async -> [StoreCheck] {
        let list: StoreCheck
        do throws(StorageError) {
            let holds = try await head()?.objects.keys.sorted().joined(separator: ", ")
            list = StoreCheck("list", .ok, holds.map { "holds \($0)" } ?? "no backup yet")
        } catch {
            return [StoreCheck("list", error)]
        }
        return [list] + (await backend.diagnose(scratch: scratch)).filter { $0.name != list.name || $0.verdict == .failed }
    }
}
