import CProcess
import Glibc
package import JobKit
import Foundation
import Synchronization
import Threads

/// A socket that the program before this one has opened for a job, as it was kept.
package struct KeptSocket: Sendable {
    package var name: String
    package var note: SocketNote
    package var descriptor: Int32

    package init(name: String, note: SocketNote, descriptor: Int32) {
        self.name = name
        self.note = note
        self.descriptor = descriptor
    }
}

/// What one program passes to the next about a socket.
package struct SocketNote: Codable, Hashable, Sendable {
    package var job: String
    /// The address as it is written.
    package var listen: String

    package init?(_ bytes: [UInt8]) {
        guard let note = try? JSONDecoder().decode(SocketNote.self, from: Data(bytes)) else { return nil }
        self = note
    }

    init(job: String, listen: String) {
        self.job = job
        self.listen = listen
    }

    var bytes: [UInt8] { (try? JSONEncoder().encode(self)).map(Array.init) ?? [] }
}

/// The sockets of all services, open here and in the store. Every `unsafe` call that opens one is in this file.
package final class ListenSocketTable: ListenSockets {
    private struct Socket {
        let job: String
        let address: String
        let descriptor: Int32
        /// In the store.
        let name: String
        /// The file that is removed with it; nil for none.
        let path: String?
    }

    private struct State {
        var sockets: [Socket] = []
        /// By run: its job and the addresses that it has asked for.
        var wanted: [Int64: (job: String, addresses: Set<String>)] = [:]
    }

    private let store: (any ProcessStore)?
    private let state: Mutex<State>

    /// - Parameters:
    ///   - store: Keeps sockets over the end of this program; nil where nothing above it does.
    ///   - kept: Those of the program before, which belong to this table from now on.
    package init(store: (any ProcessStore)?, kept: [KeptSocket] = []) {
        self.store = store
        state = Mutex(
            State(
                sockets: kept.map { kept in
                    Socket(
                        job: kept.note.job, address: kept.note.listen, descriptor: ListenSocketTable.raised(kept.descriptor), name: kept.name,
                        path: kept.note.listen.hasPrefix("/") ? kept.note.listen : nil)
                }))
    }

    package func open(_ addresses: [ListenAddress], for job: String, run: Int64) async throws(ListenError) -> [Int32] {
        let result = await ThreadWork.result("shipkeeper-listen") { [self] () -> Result<[Int32], ListenError> in
            do throws(ListenError) { return .success(try openNow(addresses, for: job, run: run)) } catch { return .failure(error) }
        }
        switch result {
        case .success(let opened): return try opened.get()
        case .failure(let error): throw ListenError(addresses[0], .failed("\(error)"))
        }
    }

    private func openNow(_ addresses: [ListenAddress], for job: String, run: Int64) throws(ListenError) -> [Int32] {
        let result: Result<[Int32], ListenError> = state.withLock { state in
            state.wanted[run] = (job, Set(addresses.map(\.description)))
            closeUnwanted(of: job, &state)
            do throws(ListenError) {
                var found: [Int32] = []
                for address in addresses { found.append(try descriptor(of: address, for: job, &state)) }
                return .success(found)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func descriptor(of address: ListenAddress, for job: String, _ state: inout State) throws(ListenError) -> Int32 {
        if let open = state.sockets.first(where: { $0.address == address.description }) {
            guard open.job == job else { throw ListenError(address, .inUse(by: open.job)) }
            return open.descriptor
        }
        let (descriptor, path) = try ListenSocketTable.listen(at: address)
        let name = "socket:\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        state.sockets.append(Socket(job: job, address: address.description, descriptor: descriptor, name: name, path: path))
        store?.keep(
            name, process: 0, startedAt: 0, note: SocketNote(job: job, listen: address.description).bytes, descriptors: [descriptor])
        return descriptor
    }

    package func release(run: Int64, of job: String, isLast: Bool) {
        state.withLock { state in
            state.wanted[run] = nil
            // Until the next run has asked for its own, those of the last one stay.
            let isNextThere = state.wanted.values.contains { $0.job == job }
            if isLast || isNextThere { closeUnwanted(of: job, &state) }
        }
    }

    package func retain(jobs: Set<String>) {
        state.withLock { state in
            for socket in state.sockets where !jobs.contains(socket.job) { close(socket) }
            state.sockets.removeAll { !jobs.contains($0.job) }
        }
    }

    private func closeUnwanted(of job: String, _ state: inout State) {
        let wanted = state.wanted.values.reduce(into: Set<String>()) { all, run in if run.job == job { all.formUnion(run.addresses) } }
        for socket in state.sockets where socket.job == job && !wanted.contains(socket.address) { close(socket) }
        state.sockets.removeAll { $0.job == job && !wanted.contains($0.address) }
    }

    private func close(_ socket: Socket) {
        if let path = socket.path { unsafe _ = unlink(path) }
        store?.forget(socket.name)
        _ = Glibc.close(socket.descriptor)
    }

    // MARK: The system

    private static func listen(at address: ListenAddress) throws(ListenError) -> (Int32, path: String?) {
        switch address.target {
        case .tcp(let host, let port):
            let descriptor = unsafe cprocess_listen_tcp(host, CInt(port))
            guard descriptor < 0 else { return (descriptor, nil) }
            switch -descriptor {
            case EADDRINUSE: throw ListenError(address, .inUse(by: nil))
            case EACCES, EPERM: throw ListenError(address, .privileged)
            case EADDRNOTAVAIL, EAFNOSUPPORT: throw ListenError(address, .foreign)
            case let number: throw ListenError(address, .failed(text(of: number)))
            }
        case .unix(let path):
            let descriptor = unsafe cprocess_listen_unix(path)
            guard descriptor < 0 else { return (descriptor, path) }
            switch -descriptor {
            case EADDRINUSE: throw ListenError(address, .inUse(by: nil))
            case EACCES, EPERM, EROFS: throw ListenError(address, .forbidden)
            case ENOENT, ENOTDIR: throw ListenError(address, .folderMissing)
            case ENOTSOCK: throw ListenError(address, .noSocket)
            case let number: throw ListenError(address, .failed(text(of: number)))
            }
        }
    }

    private static func text(of number: CInt) -> String { unsafe String(cString: strerror(number)) }

    /// The same socket at a number that no process which is started has in use.
    private static func raised(_ descriptor: Int32) -> Int32 {
        let raised = cprocess_raised(descriptor)
        if raised != descriptor { _ = Glibc.close(descriptor) }
        return raised
    }
}
