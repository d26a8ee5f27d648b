import Control
import Files
import Foundation

/// Where the control socket of a state folder is: in it, or in a private folder elsewhere where that path is too long for a socket.
package struct SocketPlace {
    /// A private folder for files that other programs of ours must find.
    private static let folder = "shipkeeper-sockets-\(geteuid())"

    package struct Unusable: Error, CustomStringConvertible {
        package var description: String
    }

    /// The state folder.
    package let state: String

    private var plain: String { state + "/control/control.sock" }

    /// The same for everyone who names the state folder, and another for each folder.
    var digest: String {
        let path = URL(fileURLWithPath: state).standardizedFileURL.path
        // FNV-1a: it tells folders apart, and guards nothing.
        return String(path.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }, radix: 16)
    }

    private var short: RawName { RawName("\(digest).sock") }

    /// Folders for sockets, the best first.
    static var bases: [String] {
        let own = ContainerEnvironment.own
        let named = ["XDG_RUNTIME_DIR", "TMPDIR"].compactMap { own[$0] }.filter { $0.hasPrefix("/") }
        return named + ["/tmp", "/var/tmp", "/dev/shm"]
    }

    private static func fits(_ path: String) -> Bool { path.utf8.count <= ControlServer.longestPath }

    private var elsewhere: [String] { SocketPlace.bases.map { "\($0)/\(SocketPlace.folder)/\(short)" }.filter(SocketPlace.fits) }

    /// Where it may be, the likeliest first.
    package var candidates: [String] { (SocketPlace.fits(plain) ? [plain] : []) + elsewhere }

    /// The path to listen at. Makes the folder for it.
    package func make() throws(Unusable) -> String {
        if SocketPlace.fits(plain) { return plain }
        for path in elsewhere {
            let base = URL(fileURLWithPath: path).deletingLastPathComponent().deletingLastPathComponent().path
            if SocketPlace.isPrivate(below: base) { return path }
        }
        throw Unusable(description: "the path \(plain) is too long for a socket, and there is no other folder for it; set \"state\" to a shorter one")
    }

    package func remove() {
        for path in candidates { try? FileManager.default.removeItem(atPath: path) }
    }

    /// Whether there is a folder that nobody else can write or replace; it is made where nothing is in its place.
    private static func isPrivate(below base: String) -> Bool {
        do {
            let (base, name) = (try Folder.open(base), RawName(folder))
            if !base.exists(name) { try? base.makeFolder(name, mode: 0o700) }
            let status = try base.status(name)
            return status.kind == .folder && status.owner == geteuid() && status.mode & 0o077 == 0
        } catch {
            return false
        }
    }
}
