import Foundation
import TestSupport
import Testing

@testable import Processes

/// What the thread that reads all output listens to.
@Suite("output pump")
struct OutputPumpTests {
    /// Whether any list of this process that a thread may wait for has this pipe. See proc_pid_fdinfo(5).
    private func isListed(_ pipe: CInt) throws -> Bool {
        var status = stat()
        try #require(unsafe fstat(pipe, &status) == 0)
        let inode = String(status.st_ino, radix: 16)
        return try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fdinfo").contains { name in
            let text = (try? String(contentsOfFile: "/proc/self/fdinfo/\(name)", encoding: .utf8)) ?? ""
            return text.split(separator: "\n").contains { $0.hasPrefix("tfd:") && $0.contains("ino:\(inode) ") }
        }
    }

    @Test("a stream that has ended is listened to no more, even while another process holds its pipe")
    func ends() async throws {
        try OutputPump.shared.start()
        let (ends, hasEnded) = (OwnedFD.pipe(), TestSupport.Gate())
        let pipe = try #require(ends)
        // As Init holds one.
        let kept = dup(pipe.read)
        defer { close(kept) }
        let stream = OutputPump.shared.add(pipe.read, .messages { _ in }, onEnd: { hasEnded.open() })
        #expect(stream != nil)
        #expect(try isListed(kept))
        close(pipe.write)
        await hasEnded.wait()
        #expect(try !isListed(kept))
    }
}
