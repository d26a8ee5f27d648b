import Config
package import Files
import Foundation
import Synchronization

/// Where the program keeps its state, and where the command line finds the socket.
package struct StateFolder {
    package let path: String

    package static let databaseName: RawName = "state.db"

    package var database: String { "\(path)/\(StateFolder.databaseName)" }
    package var logs: String { path + "/logs" }
    package var control: String { path + "/control" }
    package var socket: SocketPlace { SocketPlace(state: path) }
    package var lock: String { path + "/lock" }

    /// Removes what a program that was killed has left of its work. Called by the holder of the lock.
    package func clearScratch() { try? Folder.open(path).removeTree("scratch") }

    /// A folder for downloads, emptied at the program's start.
    var scratch: String { "\(path)/scratch" }

    /// The id of the boot that used this folder before; takes note of the new one. Called by the holder of the lock.
    package func exchangeBoot(_ id: String) -> String? {
        guard let folder = try? Folder.open(path) else { return nil }
        let before = (try? folder.contents(of: "boot")).map { String(decoding: $0, as: UTF8.self) }
        // It names processes, which end with the machine.
        try? folder.replace("boot", with: Array(id.utf8), durably: false)
        return before.flatMap { $0.isEmpty ? nil : $0 }
    }

    package struct Unwritable: Error {
        package var message: String
    }

    /// The folder of the configuration or the environment; else the first usual one that can be written. Makes it. Blocks.
    package static func prepare(configured: String?) throws(Unwritable) -> StateFolder {
        let environment = ContainerEnvironment.all
        return try prepare(named: configured ?? environment["SHIPKEEPER_STATE"].flatMap { $0.isEmpty ? nil : $0 }, usual: usual(environment))
    }

    /// - Parameters:
    ///   - named: The only folder that is tried; nil where nobody has named one.
    ///   - usual: Tried in this order else. One that another user has made, or could write to, is passed over untouched.
    static func prepare(named: String?, usual: [String]) throws(Unwritable) -> StateFolder {
        var failure = ""
        for path in named.map({ [$0] }) ?? usual {
            do {
                _ = try Folder.make(path, mode: 0o700)
                if named == nil, try !isOurs(path) { continue }
                for folder in [path + "/logs", path + "/control"] { _ = try Folder.make(folder, mode: 0o700) }
                let probe: RawName = ".write-test"
                let folder = try Folder.open(path)
                try? folder.remove(probe)
                let file = try folder.create(probe)
                defer { try? folder.remove(probe) }
                try file.write([1])
                return StateFolder(path: path)
            } catch let full where full.isDiskFull && FileManager.default.fileExists(atPath: path + "/control") {
                // There may be room later; what is to be kept waits for it.
                return StateFolder(path: path)
            } catch {
                failure = "\(error)"
            }
        }
        throw Unwritable(
            message: named == nil
                ? "no folder for the state can be written (\(usual.joined(separator: ", "))); set \"state\" or SHIPKEEPER_STATE to one that can"
                : "the state folder \(named ?? "") can't be used: \(failure); make it writable, or set \"state\" to another")
    }

    /// Where the state is when nobody says where. The last ones are for containers with nothing else to write to.
    static func usual(_ environment: [String: String]) -> [String] {
        let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        let temporary = [environment["TMPDIR"].flatMap { $0.hasPrefix("/") ? $0 : nil }, "/tmp", "/var/tmp", "/dev/shm"].compactMap(\.self)
        return ["/var/lib/shipkeeper"] + (home.map { [$0 + "/.local/state/shipkeeper"] } ?? []) + temporary.map { "\($0)/shipkeeper-\(getuid())" }
    }

    /// Whether nobody else has made a folder that others may write to, and left it for us to find.
    private static func isOurs(_ path: String) throws(FileError) -> Bool {
        let above = URL(fileURLWithPath: path).deletingLastPathComponent()
        let status = try Folder.open(above.path).status(RawName(URL(fileURLWithPath: path).lastPathComponent))
        return status.kind != .symbolicLink && [geteuid(), 0].contains(status.owner) && status.mode & 0o022 == 0
    }

    /// The socket of a running program, for the command line.
    package static func findSocket(option: String?, configuration: String?) -> String {
        let folders = candidates(option: option, configuration: configuration)
        let sockets = folders.flatMap { $0.socket.candidates }
        return sockets.first { FileManager.default.fileExists(atPath: $0) } ?? sockets.first ?? folders[0].control
    }

    /// Where the command line looks for the state of a program: the folder that is named, or the usual ones. At least one.
    static func candidates(option: String?, configuration: String?) -> [StateFolder] {
        let environment = ContainerEnvironment.all
        let named = option ?? environment["SHIPKEEPER_STATE"].flatMap { $0.isEmpty ? nil : $0 } ?? stateKey(of: ConfigurationFile(option: configuration).path)
        return (named.map { [$0] } ?? usual(environment)).map { StateFolder(path: $0) }
    }

    /// The file that was read last, as it was, and what it said: a command that asks thousands of times reads it once.
    private static let lastRead = Mutex<(path: String, file: FileStatus, key: String?)?>(nil)

    /// The plain value of `state` at the top of a configuration, without judging the rest of it.
    private static func stateKey(of path: String) -> String? {
        // Before it is read: what is written meanwhile is found the next time.
        let file = status(ofFile: path)
        if let file, let last = lastRead.withLock({ $0 }), last.path == path, last.file == file { return last.key }
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        let key = StateKey.read(String(decoding: data, as: UTF8.self), environment: ContainerEnvironment.all)
        if let file { lastRead.withLock { $0 = (path, file, key) } }
        return key
    }

    /// Nil for what is not a file, such as a pipe.
    private static func status(ofFile path: String) -> FileStatus? {
        let place = URL(fileURLWithPath: path).resolvingSymlinksInPath()
        let found = try? Folder.open(place.deletingLastPathComponent().path).status(RawName(place.lastPathComponent))
        return found?.kind == .file ? found : nil
    }
}
