import Control
import Glibc
import JobKit
import Logging
import Scheduler
import TestSupport
import Testing

/// A request counts as open from its first to its last byte.
@Suite("open requests")
struct OpenRequestsTests {
    /// A client that reads when it is told to.
    private struct Client {
        private let raw: CInt

        init(_ path: String, asks request: String) throws {
            raw = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
            let size = socklen_t(MemoryLayout<sockaddr_un>.size)
            let isConnected = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(raw, $0, size) == 0 }
            }
            let text = Array("GET \(request) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8)
            try #require(unsafe isConnected && write(raw, text, text.count) == text.count)
        }

        /// Reads at least so many bytes, or all there are; gives how many.
        func read(atLeast count: Int) async throws -> Int {
            var (total, buffer) = (0, [UInt8](repeating: 0, count: 1 << 16))
            while total < count {
                let got = unsafe Glibc.read(raw, &buffer, min(buffer.count, count - total))
                if got == 0 { break }
                if got > 0 { total += got } else { try await Task.sleep(for: .milliseconds(2)) }
            }
            return total
        }

        func close() { _ = Glibc.close(raw) }
    }

    /// Waits until none is open.
    private func settled(_ requests: OpenRequests, _ bench: SchedulerBench) async throws {
        while await !requests.settle(within: .zero, bench.clock) { try await Task.sleep(for: .milliseconds(2)) }
    }

    @Test("one whose answer is not read stays open until it is, and one whose client has left does not", .limited)
    func open() async throws {
        // An answer of about a megabyte: more than the kernel takes from a server that nobody reads from.
        let bench = SchedulerBench((0..<8000).map { .good(JobDefinition(name: "job-\($0)")) })
        let (folder, requests, isReady) = (TemporaryFolder(), OpenRequests(), Gate())
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let server = ControlServer(operations: bench.operations(), requests: requests, socket: folder["s"], logger: logger)
        try await bench.run {
            let serving = Task { try await server.run { isReady.open() } }
            await isReady.wait()

            await bench.clock.waitForSleepers(1)
            let slow = try Client(folder["s"], asks: "/-/status")
            #expect(try await slow.read(atLeast: 100) == 100)
            #expect(await !requests.settle(within: .zero, bench.clock), "nobody has read the answer")
            #expect(try await slow.read(atLeast: .max) > 1 << 19)
            try await settled(requests, bench)
            slow.close()

            let waiting = try Client(folder["s"], asks: "/-/events?wait=60")
            while await requests.settle(within: .zero, bench.clock) { try await Task.sleep(for: .milliseconds(2)) }
            waiting.close()
            try await settled(requests, bench)
            serving.cancel()
            _ = try? await serving.value
        }
    }
}
