import Foundation
import JobKit
import Processes
import Settings
import Synchronization
import TestSupport
import Testing

@Suite("sockets of services")
struct ListenSocketTableTests {
    /// What init would keep.
    private final class Store: ProcessStore {
        private let entries = Mutex<[String: (note: [UInt8], descriptor: Int32)]>([:])
        var names: Set<String> { entries.withLock { Set($0.keys) } }

        /// For the next program, with descriptors of its own.
        var kept: [KeptSocket] {
            entries.withLock { $0 }.compactMap { name, entry in
                SocketNote(entry.note).map { KeptSocket(name: name, note: $0, descriptor: copy(entry.descriptor)) }
            }
        }

        /// Closed in shells that other tests start meanwhile.
        private func copy(_ descriptor: Int32) -> Int32 { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) }

        func keep(_ name: String, process: Int32, startedAt: UInt64, note: [UInt8], descriptors: [Int32]) {
            entries.withLock { $0[name] = (note, copy(descriptors[0])) }
        }
        func move(_ name: String, process: Int32, startedAt: UInt64) {}
        func collected(_ name: String, status: Int32) {}
        func forget(_ name: String) {
            if let entry = entries.withLock({ $0.removeValue(forKey: name) }) { close(entry.descriptor) }
        }
    }

    private let folder = TemporaryFolder()
    private let store = Store()

    private func tcp(_ port: Int, _ host: String = "127.0.0.1") -> ListenAddress {
        ListenAddress(.tcp(host: host, port: port), at: SourcePlace(file: "app.yaml", line: 4, column: 15))
    }

    private func unix(_ path: String) -> ListenAddress { ListenAddress(.unix(path: path), at: SourcePlace(file: "app.yaml", line: 5, column: 15)) }

    private func accepts(_ port: Int) throws -> Bool { try Shell.run("exec 3<>/dev/tcp/127.0.0.1/\(port)").status == 0 }

    private func failure(_ address: ListenAddress, _ table: ListenSocketTable? = nil, job: String = "app") async -> String {
        do throws(ListenError) {
            _ = try await (table ?? ListenSocketTable(store: nil)).open([address], for: job, run: 1)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test("are opened once, stay from run to run, follow a change, and are closed after the last run")
    func life() async throws {
        let (one, two) = (Port.reserve(), Port.reserve())
        let path = folder["app.sock"]
        let table = ListenSocketTable(store: store)
        let first = try await table.open([tcp(one), unix(path)], for: "app", run: 1)
        #expect(try await table.open([tcp(one), unix(path)], for: "app", run: 1) == first)
        #expect(first.allSatisfy { $0 >= 64 } && store.names.count == 2)
        #expect(try accepts(one))
        // The next run has not asked yet, then it wants another port.
        table.release(run: 1, of: "app", isLast: false)
        #expect(try accepts(one))
        let second = try await table.open([tcp(two), unix(path)], for: "app", run: 2)
        #expect(second[1] == first[1])
        #expect(try !accepts(one) && accepts(two))
        // While two processes are there, the sockets of both are, and those of one that did not make it go.
        _ = try await table.open([tcp(one)], for: "app", run: 3)
        #expect(try accepts(one) && accepts(two) && FileManager.default.fileExists(atPath: path))
        table.release(run: 3, of: "app", isLast: false)
        #expect(try !accepts(one) && accepts(two))
        table.release(run: 2, of: "app", isLast: true)
        #expect(try !accepts(two) && !FileManager.default.fileExists(atPath: path))
        #expect(store.names.isEmpty)
    }

    @Test("the next program has the same sockets, and closes those that no job wants")
    func takenOver() async throws {
        let (one, two) = (Port.reserve(), Port.reserve())
        let table = ListenSocketTable(store: store)
        let inode = try await table.open([tcp(one)], for: "app", run: 1)[0]
        _ = try await table.open([tcp(two)], for: "gone", run: 2)
        func name(_ descriptor: Int32) throws -> String { try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)") }
        let before = try name(inode)
        let next = ListenSocketTable(store: store, kept: store.kept)
        next.retain(jobs: ["app"])
        #expect(try name(try await next.open([tcp(one)], for: "app", run: 3)[0]) == before)
        #expect(store.names.count == 1)
        next.release(run: 3, of: "app", isLast: true)
        #expect(store.names.isEmpty)
        table.release(run: 1, of: "app", isLast: true)
    }

    @Test("what is in the way is one sentence with the place in the configuration")
    func errors() async throws {
        let port = Port.reserve()
        let table = ListenSocketTable(store: nil)
        _ = try await table.open([tcp(port), unix(folder["a.sock"])], for: "other", run: 9)
        let used = "app.yaml:4:15: can't listen at 127.0.0.1:\(port): "
        #expect(await failure(tcp(port)) == used + "another program listens there")
        #expect(await failure(tcp(port), table) == used + "the service other listens there")
        #expect(await failure(unix(folder["a.sock"])) == "app.yaml:5:15: can't listen at \(folder["a.sock"]): another program listens there")
        #expect(await failure(tcp(port, "203.0.113.1")).hasSuffix(": this machine has no such address"))
        #expect(await failure(unix(folder["none/a.sock"])).hasSuffix(": its folder does not exist"))
        try folder.write("file", "data")
        #expect(await failure(unix(folder["file"])).hasSuffix(": a file that is not a socket is there"))
        #expect(folder.read("file") == "data")
    }

    @Test("a socket that a killed program has left is no obstacle, and everybody may connect who may enter the folder")
    func stale() async throws {
        let path = folder["app.sock"]
        let python = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()"
        #expect(try Shell.run("python3 -c '\(python)' '\(path)' && test -S '\(path)'").status == 0)
        let table = ListenSocketTable(store: nil)
        _ = try await table.open([unix(path)], for: "app", run: 1)
        #expect(try Shell.run("stat -c %a '\(path)'").output == "666\n")
        table.release(run: 1, of: "app", isLast: true)
        #expect(!FileManager.default.fileExists(atPath: path))
    }
}
