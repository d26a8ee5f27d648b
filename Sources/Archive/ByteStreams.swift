package import Files

/// Bytes that are read in order, one piece at a time, by one thread. Reading blocks while the underlying file or connection does.
///
/// Readers stack: each takes another source.
///
/// ```swift
/// let reader = TarReader(try GzipReader(FileSource(try OpenFile.open(path))))
/// while let entry = try reader.next() { print(entry.path) }
/// ```
package protocol ByteSource: AnyObject {
    /// The next bytes, at least one and at most `most`, which must be positive. Empty only at the end, and then every time.
    /// - Throws: `file` for an error of the system, `damaged` for content that cannot be decoded, `cancelled` once the caller was cancelled.
    func read(_ most: Int) throws(ArchiveError) -> [UInt8]
}

/// Takes bytes in order, one piece at a time, from one thread. Closing or syncing what is behind it is left to its owner.
///
/// ```swift
/// final class CountingSink: ByteSink {
///     private(set) var count: Int64 = 0
///     func write(_ bytes: [UInt8]) { count += Int64(bytes.count) }
/// }
/// ```
package protocol ByteSink: AnyObject {
    /// Takes all of `bytes`, or throws. After an error the sink must not be used any more.
    func write(_ bytes: [UInt8]) throws(ArchiveError)
}

/// Reads a file from its current position. Errors of the system are thrown as `ArchiveError.file`.
package final class FileSource: ByteSource {
    private let file: OpenFile

    package init(_ file: OpenFile) { self.file = file }

    package func read(_ most: Int) throws(ArchiveError) -> [UInt8] {
        do { return try file.read(most) } catch { throw .file(error) }
    }
}

/// Writes a file from its current position; neither syncs nor closes it. Errors of the system are thrown as `ArchiveError.file`.
package final class FileSink: ByteSink {
    private let file: OpenFile

    package init(_ file: OpenFile) { self.file = file }

    package func write(_ bytes: [UInt8]) throws(ArchiveError) {
        do { try file.write(bytes) } catch { throw .file(error) }
    }
}

/// Reads from memory, for tests and small content. Never throws.
package final class MemorySource: ByteSource {
    private var rest: ArraySlice<UInt8>

    package init(_ bytes: [UInt8]) { rest = bytes[...] }

    package func read(_ most: Int) throws(ArchiveError) -> [UInt8] {
        defer { rest = rest.dropFirst(most) }
        return Array(rest.prefix(most))
    }
}

/// Collects bytes in memory: for tests and small things.
package final class MemorySink: ByteSink {
    /// Everything written so far.
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package func write(_ bytes: [UInt8]) throws(ArchiveError) { self.bytes += bytes }
}

/// Passes bytes on and shows them to someone else, such as a digest.
package final class WatchedSink: ByteSink {
    private let next: any ByteSink
    private let watch: ([UInt8]) -> Void

    package init(_ next: any ByteSink, watch: @escaping ([UInt8]) -> Void) {
        self.next = next
        self.watch = watch
    }

    package func write(_ bytes: [UInt8]) throws(ArchiveError) {
        watch(bytes)
        try next.write(bytes)
    }
}

/// Passes bytes on and shows them to someone else, such as a digest.
package final class WatchedSource: ByteSource {
    private let next: any ByteSource
    private let watch: ([UInt8]) -> Void

    package init(_ next: any ByteSource, watch: @escaping ([UInt8]) -> Void) {
        self.next = next
        self.watch = watch
    }

    package func read(_ most: Int) throws(ArchiveError) -> [UInt8] {
        let bytes = try next.read(most)
        watch(bytes)
        return bytes
    }
}
