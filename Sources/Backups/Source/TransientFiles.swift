package import Files
import Foundation

/// Files that mean something only to the processes that made them: judged by what they are. A name alone decides nothing.
package enum TransientFiles {
    /// A file with more in it is no lock.
    private static let mostBytes: Int64 = 4096
    private static let endings = [".lock", ".lck", ".pid", ".sock"].map { Array($0.utf8) }

    /// Lists of what a project depends on: an empty one may be meant to be there.
    private static let dependencyLocks: Set<RawName> = [
        "yarn.lock", "Cargo.lock", "poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock", "Gemfile.lock", "composer.lock",
        "flake.lock", "mix.lock", "pubspec.lock", "Podfile.lock", "bun.lock", "deno.lock", "packages.lock", "conan.lock",
        "pixi.lock", "gradle.lock", "buildscript-gradle.lock", ".terraform.lock", "Chart.lock", "requirements.lock",
    ]

    /// Whether a thing is a socket or a pipe, or a file that calls itself a lock and holds nothing, the id of a process, or a lock of
    /// somebody who lives. Reads files whose names say so, and no others.
    /// - Parameter locks: What is locked just now; nil where nobody can have a lock, as in a tree that is being unpacked.
    package static func isVolatile(_ name: RawName, _ status: FileStatus, in folder: Folder, locks: (() -> LockTable)? = nil) -> Bool {
        switch status.kind {
        case .fifo, .socket: return true
        case .folder, .symbolicLink, .device: return false
        case .file: break
        }
        guard endings.contains(where: { name.bytes.count > $0.count && name.bytes.suffix($0.count).elementsEqual($0) }) else { return false }
        return isLeftover(name, status, in: folder) || (status.size <= mostBytes && locks?().isLocked(status) == true)
    }

    /// Whether a file, whatever its name, holds no more than a lock does: nothing, or the id of a process.
    static func isLeftover(_ name: RawName, _ status: FileStatus, in folder: Folder) -> Bool {
        guard status.kind == .file else { return status.kind == .fifo || status.kind == .socket }
        if status.size == 0 { return !dependencyLocks.contains(name) }
        guard status.size <= mostBytes, let bytes = try? folder.contents(of: name, most: Int(mostBytes)) else { return false }
        return holdsProcess(bytes)
    }

    /// A number and no more, or an object of JSON that names a process.
    private static func holdsProcess(_ bytes: [UInt8]) -> Bool {
        let text = bytes.trimmingPrefix { $0 == 32 }.reversed().drop { $0 == 10 || $0 == 13 || $0 == 32 || $0 == 0 }
        if (1...10).contains(text.count), text.allSatisfy({ (48...57).contains($0) }) { return true }
        guard text.last == UInt8(ascii: "{"), let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else { return false }
        return object["pid"] is Int
    }
}
