import Files
import Foundation
import TestSupport
import Testing

@Suite("files whose locks are held", .waiting)
struct HeldFilesTests {
    /// Whether another process could lock the file just now.
    private func canLock(_ path: String) throws -> Bool {
        try Shell.run("python3 -c 'import fcntl,sys; fcntl.lockf(open(sys.argv[1], \"r+\"), fcntl.LOCK_EX | fcntl.LOCK_NB)' '\(path)'").status == 0
    }

    private func lock(_ path: String) throws -> CInt {
        let raw = unsafe open(path, O_RDWR)
        var lock = flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
        #expect(unsafe withUnsafeMutablePointer(to: &lock) { unsafe fcntl(raw, F_SETLK, $0) } == 0)
        return raw
    }

    @Test("opening and closing a held file elsewhere in the program drops none of its locks")
    func held() throws {
        let temporary = TemporaryFolder()
        try temporary.write("file", "content")
        let folder = try Folder.open(temporary.path)
        let raw = try HeldFiles.holding(folder.status("file")) {
            let raw = try lock(temporary["file"])
            for _ in 0..<3 { #expect(try folder.contents(of: "file") == Array("content".utf8)) }
            #expect(try !canLock(temporary["file"]))
            return raw
        }
        // Nobody holds it any more: what was kept is closed now, and with it the lock is gone.
        #expect(try canLock(temporary["file"]))
        close(raw)
    }

    @Test("of two holders the last one counts, and other files are closed at once")
    func two() throws {
        let temporary = TemporaryFolder()
        try temporary.write("file", "content")
        try temporary.write("other", "content")
        let folder = try Folder.open(temporary.path)
        let status = try folder.status("file")
        try HeldFiles.holding(status) {
            let raw = try lock(temporary["file"])
            defer { close(raw) }
            let other = try lock(temporary["other"])
            defer { close(other) }
            try HeldFiles.holding(status) { _ = try folder.contents(of: "file") }
            #expect(try !canLock(temporary["file"]))
            _ = try folder.contents(of: "other")
            #expect(try canLock(temporary["other"]))
        }
    }

    @Test("a file that a process has locked is listed, by flock and by fcntl, and no other")
    func table() throws {
        let temporary = TemporaryFolder()
        for name in ["flock", "fcntl", "free"] { try temporary.write(name, "x") }
        let folder = try Folder.open(temporary.path)
        let raw = try lock(temporary["fcntl"])
        defer { close(raw) }
        let file = try folder.file("flock")
        try file.lock()
        let table = LockTable()
        try #require(FileManager.default.fileExists(atPath: "/proc/locks"))
        #expect(try table.isLocked(folder.status("flock")) && table.isLocked(folder.status("fcntl")) && !table.isLocked(folder.status("free")))
        withExtendedLifetime(file) {}
    }
}

@Suite("holes", .waiting)
struct HoleTests {
    @Test("data are found between holes, and the whole of a plain file")
    func ranges() throws {
        let temporary = TemporaryFolder()
        _ = try Shell.run(
            "truncate -s 10M sparse && printf data | dd of=sparse bs=1M seek=3 conv=notrunc status=none && printf plain > plain && truncate -s 1M empty",
            folder: temporary.path)
        let folder = try Folder.open(temporary.path)
        let sparse = try folder.file("sparse")
        let ranges = try sparse.dataRanges(size: 10 << 20, most: 100)
        // A file system without holes gives the whole.
        #expect(ranges.reduce(0) { $0 + $1.count } <= 10 << 20 && ranges.contains { $0.contains(3 << 20) })
        #expect(try folder.file("plain").dataRanges(size: 5, most: 100) == [0..<5])
        #expect(try folder.file("empty").dataRanges(size: 0, most: 100).isEmpty)
    }

    @Test("more stretches than wanted are joined over the smallest holes, and no data is lost")
    func joined() throws {
        let temporary = TemporaryFolder()
        let script = "f = open('many', 'wb')\nfor i in range(300):\n    f.seek(i * 131072); f.write(b'x')\nf.truncate(300 * 131072)"
        _ = try Shell.run("python3 -c \"\(script)\"", folder: temporary.path)
        let file = try Folder.open(temporary.path).file("many")
        for most in [1000, 100, 10, 1] {
            let ranges = try file.dataRanges(size: 300 * 131_072, most: most)
            #expect(ranges.count <= most)
            for index in 0..<300 { #expect(ranges.contains { $0.contains(Int64(index) * 131_072) }) }
            #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
        }
    }
}
