import CFiles
import Glibc

/// Notices changes below a folder through inotify(7), or by scanning the tree every `betweenLooks` where it has more folders than the kernel
/// or `mostFolders` allows.
///
/// The folder may be missing, come, be moved away and be replaced by another: each of these is a change. Used by one thread.
package struct FolderWatcher {
    /// The result of waiting.
    package enum Notice: Hashable, Sendable {
        case nothing
        /// Something has changed just now.
        case change
        /// The folder is another than before; what changed last in it did so then.
        case other(changed: FileTime)
    }

    private enum WatchMode {
        /// The folder is not there.
        case missing
        /// The kernel reports; by its numbers, which folders it watches.
        case told(OpenFile, folders: [Int32: RawName])
        /// There are too many folders: what was seen when it was last looked.
        case looking(seen: UInt64, nextLook: ContinuousClock.Instant)
    }

    /// The most folders that the kernel is asked to watch.
    package static let mostFolders = 8192
    private static let ignoredNames: Set<RawName> = [".git", "node_modules", ".DS_Store"]
    private static let ignoredEndings = ["~", ".swp", ".swx", ".tmp"].map { Array($0.utf8) }

    private let path: String
    /// Absolute paths that are skipped, with everything below them.
    private let ignoring: Set<RawName>
    private let mostFolders: Int
    private let betweenLooks: Duration
    private var mode = WatchMode.missing
    /// Device and inode of the folder that is being watched.
    private var identity: [UInt64] = []

    /// Scans the whole tree once, which blocks; the folder need not exist. Changes after this call are noticed, also before the first `wait`.
    /// - Parameters:
    ///   - ignoring: Absolute paths, written as `path` is, that are skipped with all below them. `.git`, `node_modules` and temporary files of
    ///     editors are always skipped.
    ///   - mostFolders: With more folders the tree is scanned instead; each watched folder costs about 1 KiB in the kernel.
    ///   - betweenLooks: The time between two scans.
    package init(_ path: String, ignoring: Set<String> = [], mostFolders: Int = FolderWatcher.mostFolders, betweenLooks: Duration = .seconds(30)) {
        self.path = path
        self.ignoring = Set(ignoring.map { RawName($0) })
        self.mostFolders = mostFolders
        self.betweenLooks = betweenLooks
        begin()
    }

    /// Whether the tree is scanned because the kernel can't watch all folders, so that changes are noticed up to `betweenLooks` late.
    package var isLooking: Bool { if case .looking = mode { true } else { false } }

    /// Waits until something has changed, or for `most` at the longest. Blocks; call it on a thread of its own, in steps short enough to notice
    /// that the caller was cancelled.
    package mutating func wait(_ most: Duration) -> Notice {
        // A folder that can't be read now does not count as another folder.
        if let now = Self.identity(of: path), now != identity {
            let newest = begin()
            return identity.isEmpty ? .change : .other(changed: newest)
        }
        switch mode {
        case .missing:
            Self.pause(most)
            return .nothing
        case .told(let queue, let folders):
            guard cfiles_wait_readable(queue.raw, CInt(most / .milliseconds(1))) > 0 else { return .nothing }
            return drain(queue, folders) ? .change : .nothing
        case .looking(let seen, let nextLook):
            guard ContinuousClock.now >= nextLook else {
                Self.pause(min(most, nextLook - .now))
                return .nothing
            }
            begin()
            if case .looking(let now, _) = mode, now == seen { return .nothing }
            return .change
        }
    }

    private static func pause(_ length: Duration) { usleep(UInt32(max(0, length / .microseconds(1)))) }

    /// Device and inode of the folder; empty where there is none, and nil where that can't be determined just now.
    private static func identity(of path: String) -> [UInt64]? {
        do throws(FileError) {
            let status = try Folder.open(path).status()
            return [status.device, status.inode]
        } catch {
            return error.isMissing || error.isNoFolder ? [] : nil
        }
    }

    // MARK: Setting up

    /// Scans all folders; returns when anything in them last changed.
    @discardableResult
    private mutating func begin() -> FileTime {
        identity = Self.identity(of: path) ?? []
        guard !identity.isEmpty else {
            mode = .missing
            return FileTime(seconds: 0)
        }
        let raw = cfiles_inotify()
        var walk = Walk(queue: raw < 0 ? nil : OpenFile(raw, path: path), most: mostFolders, ignoring: ignoring)
        walk.visit(RawName(path))
        if let queue = walk.queue {
            mode = .told(queue, folders: walk.folders)
        } else {
            mode = .looking(seen: walk.seen, nextLook: .now + betweenLooks)
        }
        return walk.newest
    }

    private struct Walk {
        /// Nil once it has no room.
        var queue: OpenFile?
        let most: Int
        let ignoring: Set<RawName>
        var folders: [Int32: RawName] = [:]
        /// Device and inode of folders, so that links lead nowhere twice.
        var visited: Set<[UInt64]> = []
        /// Differs when a name, a size or a time does.
        var seen: UInt64 = 0xcbf2_9ce4_8422_2325
        var newest = FileTime(seconds: 0)

        /// Looks at a folder and all below it, one after the other: however deep they are, one is open at a time.
        mutating func visit(_ path: RawName) {
            var waiting = [path]
            while let next = waiting.popLast() {
                guard let folder = try? Folder.open(next), let status = try? folder.status(), visited.insert([status.device, status.inode]).inserted
                else { continue }
                newest = max(newest, status.changed)
                if let raw = queue?.raw { if visited.count > most || !add(folder, path: next, to: raw) { queue = nil } }
                look(folder, path: next, &waiting)
            }
        }

        /// - Parameter waiting: Gets the folders below, and links, which may lead to one.
        private mutating func look(_ folder: Folder, path: RawName, _ waiting: inout [RawName]) {
            for name in (try? folder.names()) ?? [] where !FolderWatcher.isIgnored(name) {
                let place = FolderWatcher.place(path, name)
                guard !ignoring.contains(place), let status = try? folder.status(name) else { continue }
                newest = max(newest, status.changed)
                mix(name.bytes)
                mix([UInt64(bitPattern: status.size), UInt64(bitPattern: status.modified.seconds), UInt64(bitPattern: status.modified.nanoseconds)])
                if status.kind == .folder || status.kind == .symbolicLink { waiting.append(place) }
            }
        }

        /// Whether the kernel watches the folder now, or it is gone already.
        private mutating func add(_ folder: Folder, path: RawName, to queue: CInt) -> Bool {
            // By its descriptor: its path may be longer than the system takes, and may lead elsewhere by now.
            let watch = unsafe folder.descriptorPath.map { unsafe cfiles_inotify_add(queue, $0) } ?? path.withCString { unsafe cfiles_inotify_add(queue, $0) }
            if watch >= 0 { folders[watch] = path }
            return watch >= 0 || errno == ENOENT
        }

        private mutating func mix(_ bytes: some Sequence<UInt8>) { for byte in bytes { seen = (seen ^ UInt64(byte)) &* 0x100_0000_01b3 } }

        private mutating func mix(_ numbers: [UInt64]) { for number in numbers { seen = (seen ^ number) &* 0x100_0000_01b3 } }
    }

    private static func isIgnored(_ name: RawName) -> Bool {
        ignoredNames.contains(name) || name.bytes.starts(with: [46, 35])
            || ignoredEndings.contains { name.bytes.count >= $0.count && name.bytes.suffix($0.count).elementsEqual($0) }
    }

    private static func place(_ folder: RawName, _ name: RawName) -> RawName { RawName(folder.bytes + [47] + name.bytes) }

    // MARK: Listening

    /// Takes what the kernel has reported, and looks the folders up again where they have changed themselves.
    private mutating func drain(_ queue: OpenFile, _ folders: [Int32: RawName]) -> Bool {
        var (hasChanged, areFoldersNew) = (false, false)
        while let bytes = try? queue.read(65536), !bytes.isEmpty {
            var rest = bytes[...]
            // struct inotify_event: watch, mask, cookie, length of the name, name.
            while rest.count >= 16 {
                let watch = Int32(bitPattern: Self.number(rest))
                let (mask, length) = (Self.number(rest.dropFirst(4)), Int(Self.number(rest.dropFirst(12))))
                let name = RawName(rest.dropFirst(16).prefix(length).prefix { $0 != 0 })
                rest = rest.dropFirst(16 + length)
                if Self.isIgnored(name) || folders[watch].map({ ignoring.contains(Self.place($0, name)) }) == true { continue }
                hasChanged = true
                if mask & cfiles_inotify_folders != 0 { areFoldersNew = true }
            }
        }
        if areFoldersNew { begin() }
        return hasChanged
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}
