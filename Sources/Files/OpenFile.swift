import CFiles
import Glibc

/// An open file, closed when the last reference is gone. Reading, writing and syncing block for the disk. References share one position, so
/// only one thread at a time may read, write or seek; reading at an offset is safe from any thread.
package final class OpenFile: Sendable {
    let raw: CInt
    /// The path it was opened by, for messages only: the file may have been moved since.
    package let path: String

    init(_ raw: CInt, path: String) {
        self.raw = raw
        self.path = path
    }

    deinit { HeldFiles.close(raw) }

    /// Opens a file for reading by its path; links on the way to it are followed, one at its end is not.
    package static func open(_ path: String) throws(FileError) -> OpenFile {
        let raw = unsafe cfiles_openat(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0)
        guard raw >= 0 else { throw FileError("open", path) }
        return OpenFile(raw, path: path)
    }

    /// Up to `most` bytes from the current position; empty at the end. Fewer bytes than asked for are not a sign of the end.
    package func read(_ most: Int) throws(FileError) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
            repeat { count = unsafe Glibc.read(raw, buffer.baseAddress, most) } while count < 0 && errno == EINTR
            if count < 0 { (failure, count) = (errno, 0) }
        }
        if failure != 0 { throw FileError("read", path, code: failure) }
        return bytes
    }

    /// Up to `most` bytes from an offset in bytes; the current position does not change. Empty at or after the end.
    package func read(_ most: Int, at offset: Int64) throws(FileError) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
            repeat { count = unsafe pread(raw, buffer.baseAddress, most, off_t(offset)) } while count < 0 && errno == EINTR
            if count < 0 { (failure, count) = (errno, 0) }
        }
        if failure != 0 { throw FileError("read", path, code: failure) }
        return bytes
    }

    /// The content from the current position on; only the first `most` bytes of it.
    package func contents(most: Int = 1 << 20) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < most, case let chunk = try read(min(65_536, most - bytes.count)), !chunk.isEmpty { bytes += chunk }
        return bytes
    }

    /// Stretches of the file's first `size` bytes that hold data, in order; what is between them are holes, which read as zeros. One
    /// stretch where the file system knows of no holes. At most `most`: beyond that, neighbours with the smallest holes are joined.
    package func dataRanges(size: Int64, most: Int) throws(FileError) -> [Range<Int64>] {
        var ranges: [Range<Int64>] = []
        var (position, smallest) = (Int64(0), Int64(0))
        while position < size {
            let start = Int64(lseek(raw, off_t(position), cfiles_seek_data))
            if start < 0 {
                if errno == ENXIO { break }
                guard errno == EINVAL || errno == EOPNOTSUPP || errno == ENOTTY else { throw FileError("read", path) }
                return [0..<size]
            }
            if start >= size { break }
            let end = Int64(lseek(raw, off_t(start), cfiles_seek_hole))
            guard end > start else { throw FileError("read", path, code: end < 0 ? errno : EIO) }
            position = min(end, size)
            if let last = ranges.last, start - last.upperBound <= smallest {
                ranges[ranges.count - 1] = last.lowerBound..<position
            } else {
                ranges.append(start..<position)
            }
            while ranges.count > most {
                smallest = max(4096, smallest * 2)
                ranges = OpenFile.joined(ranges, over: smallest)
            }
        }
        return ranges
    }

    private static func joined(_ ranges: [Range<Int64>], over hole: Int64) -> [Range<Int64>] {
        ranges.reduce(into: []) { joined, range in
            if let last = joined.last, range.lowerBound - last.upperBound <= hole {
                joined[joined.count - 1] = last.lowerBound..<range.upperBound
            } else {
                joined.append(range)
            }
        }
    }

    /// Sets the length to `size` bytes: cuts the end off, or extends the file with a hole. The position does not change.
    package func truncate(to size: Int64) throws(FileError) {
        guard ftruncate(raw, off_t(size)) == 0 else { throw FileError("shorten", path) }
    }

    /// Writes all bytes at the current position, in as many calls as it takes. After an error some of them may have been written. Does not sync.
    package func write(_ bytes: some Collection<UInt8>) throws(FileError) {
        if let done: FileError? = bytes.withContiguousStorageIfAvailable({ unsafe writeAll($0) }) {
            if let done { throw done }
        } else if let failure = unsafe Array(bytes).withUnsafeBufferPointer({ unsafe writeAll($0) }) {
            throw failure
        }
    }

    private func writeAll(_ buffer: UnsafeBufferPointer<UInt8>) -> FileError? {
        var done = 0
        while done < buffer.count {
            let count = unsafe Glibc.write(raw, buffer.baseAddress! + done, buffer.count - done)
            if count < 0 {
                if errno == EINTR { continue }
                return FileError("write", path)
            }
            done += count
        }
        return nil
    }

    /// The status of the open file, whatever its name is by now.
    package func status() throws(FileError) -> FileStatus {
        var info = stat()
        guard unsafe fstat(raw, &info) == 0 else { throw FileError("look at", path) }
        return FileStatus(info)
    }

    /// Sets the permission bits, regardless of the umask.
    package func set(mode: UInt32) throws(FileError) {
        guard fchmod(raw, mode) == 0 else { throw FileError("set the mode of", path) }
    }

    /// Sets the numeric owner and group. Only root may; for others it fails with `EPERM`.
    package func set(owner: UInt32, group: UInt32) throws(FileError) {
        guard fchown(raw, owner, group) == 0 else { throw FileError("set the owner of", path) }
    }

    /// Sets the access and modification times. A later write changes the modification time again.
    package func set(modified: FileTime) throws(FileError) {
        let time = timespec(tv_sec: Int(modified.seconds), tv_nsec: Int(modified.nanoseconds))
        guard unsafe futimens(raw, [time, time]) == 0 else { throw FileError("set the time of", path) }
    }

    /// Moves the current position to an offset in bytes from the start; beyond the end, the next write leaves a hole.
    package func seek(to offset: Int64) throws(FileError) {
        guard lseek(raw, off_t(offset), SEEK_SET) >= 0 else { throw FileError("seek in", path) }
    }

    /// Returns once the content would survive a power cut (fsync(2)); blocks for as long as the disk takes. A new name needs `Folder.sync` too.
    package func sync() throws(FileError) {
        guard fsync(raw) == 0 else { throw FileError("write", path) }
    }

    /// Takes a lock that excludes those who write a stretch of the file, and no reader; refused at once where someone writes, or where
    /// the file system has no locks. It belongs to this value, and neither drops nor hides locks that libraries hold on the same file.
    package func lockForReading(from start: Int64, count: Int64) throws(FileError) {
        guard cfiles_lock_range(raw, F_RDLCK, off_t(start), off_t(count)) == 0 else { throw FileError("lock", path) }
    }

    /// Releases such a lock.
    package func unlock(from start: Int64, count: Int64) { _ = cfiles_lock_range(raw, F_UNLCK, off_t(start), off_t(count)) }

    /// Takes the exclusive lock of the file (flock(2)), which is released when the file is closed. It excludes only others who ask for it. A lock
    /// that is held fails at once with `FileError.isLocked`.
    package func lock() throws(FileError) {
        guard flock(raw, LOCK_EX | LOCK_NB) == 0 else { throw FileError("lock", path) }
    }
}
