import CProcess
import Glibc
import JobKit

/// Some bytes about a process in memory that outlives this program where something else holds its descriptor. Every `unsafe` word about it is in this
/// file.
///
/// The file: the number of bytes, of four bytes in the machine's order, and the bytes. They are written at once, and into one page, so that the program that takes
/// over finds those before or those after.
final class ProcessMemory: Sendable {
    private static let head = MemoryLayout<UInt32>.size

    let raw: CInt

    /// Nil where the system has no file in memory.
    init?() {
        raw = unsafe cprocess_memory_file("shipkeeper-memory")
        if raw < 0 { return nil }
    }

    /// That of a program that is gone. The descriptor is the memory's from now on.
    init(adopting raw: CInt) { self.raw = raw }

    deinit { close(raw) }

    func write(_ bytes: [UInt8]) {
        guard bytes.count <= ProcessCommand.mostRemembered else { return }
        let content = unsafe withUnsafeBytes(of: UInt32(bytes.count)) { unsafe Array($0) } + bytes
        unsafe _ = pwrite(raw, content, content.count, 0)
    }

    var bytes: [UInt8] {
        var content = [UInt8](repeating: 0, count: ProcessMemory.head + ProcessCommand.mostRemembered)
        let count = unsafe pread(raw, &content, content.count, 0)
        guard count >= ProcessMemory.head else { return [] }
        let length = unsafe content.withUnsafeBytes { unsafe $0.loadUnaligned(as: UInt32.self) }
        guard Int(length) <= count - ProcessMemory.head else { return [] }
        return Array(content[ProcessMemory.head..<ProcessMemory.head + Int(length)])
    }
}
