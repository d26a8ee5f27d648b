package import Files

/// Bytes that come in order, a piece at a time.
package protocol ByteSource: AnyObject {
    /// The next bytes, at most so many; empty at the end.
    func read(_ most: Int) throws(ArchiveError) -> [UInt8]
}

/// Bytes that go in order, a piece at a time.
package protocol ByteSink: AnyObject {
    func write(_ bytes: [UInt8]) throws(ArchiveError)
}

/// Reads a file from where it is.
package final class FileSource: ByteSource {
    private let file: OpenFile

    package init(_ file: OpenFile) { self.file = file }

    package func read(_ most: Int) throws(ArchiveError) -> [UInt8] {
        do { return try file.read(most) } catch { throw .file(error) }
    }
}

/// Writes a file from where it is.
package final class FileSink: ByteSink {
    private let file: OpenFile

    package init(_ file: OpenFile) { self.file = file }

    package func write(_ bytes: [UInt8]) throws(ArchiveError) {
        do { try file.write(bytes) } catch { throw .file(error) }
    }
}

/// Bytes in memory: for tests and small things.
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
