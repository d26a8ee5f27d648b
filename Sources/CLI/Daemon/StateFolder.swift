import Config
import Files
import Foundation

/// Where the program keeps its state, and where the command line finds the socket.
struct StateFolder {
    let path: String

    var database: String { path + "/state.db" }
    var logs: String { path + "/logs" }
    var control: String { path + "/control" }
    var socket: String { control + "/control.sock" }
    var lock: String { path + "/lock" }

    /// Removes what a program that was killed has left of its work. Called by whoever holds the lock.
    func clearScratch() { try? Folder.open(path).removeTree("scratch") }

    /// The id of the boot that used this folder before; takes note of the new one. Called by whoever holds the lock.
    func exchangeBoot(_ id: String) -> String? {
        guard let folder = try? Folder.open(path) else { return nil }
        let before = (try? folder.contents(of: "boot")).map { String(decoding: $0, as: UTF8.self) }
        try? folder.replace("boot", with: Array(id.utf8))
        return before.flatMap { $0.isEmpty ? nil : $0 }
    }

    struct Unwritable: Error {
        var message: String
    }

    /// The folder of the configuration or the environment; else the first usual one that can be written.
    static func prepare(configured: String?) throws(Unwritable) -> StateFolder {
        let named = configured ?? ContainerEnvironment.all["SHIPKEEPER_STATE"].flatMap { $0.isEmpty ? nil : $0 }
        var failure = ""
        for path in named.map({ [$0] }) ?? usual {
            do {
                for folder in [path, path + "/logs", path + "/control"] {
                    _ = try Folder.make(folder, mode: 0o700)
                }
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

    private static var usual: [String] {
        let environment = ContainerEnvironment.all
        let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return ["/var/lib/shipkeeper", home.map { $0 + "/.local/state/shipkeeper" }, "/tmp/shipkeeper-\(getuid())"].compactMap(\.self)
    }

    /// The socket of a running program, for the command line.
    static func findSocket(option: String?, configuration: String?) -> String {
        let environment = ContainerEnvironment.all
        if let named = option ?? environment["SHIPKEEPER_STATE"], !named.isEmpty { return StateFolder(path: named).socket }
        if let configured = stateKey(of: ConfigurationFile(option: configuration).path) { return StateFolder(path: configured).socket }
        let sockets = usual.map { StateFolder(path: $0).socket }
        return sockets.first { FileManager.default.fileExists(atPath: $0) } ?? sockets[0]
    }

    /// The plain value of `state` at the top of a configuration, without judging the rest of it.
    private static func stateKey(of path: String) -> String? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        return StateKey.read(String(decoding: data, as: UTF8.self), environment: ContainerEnvironment.all)
    }
}
