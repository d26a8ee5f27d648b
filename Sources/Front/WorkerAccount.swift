import Foundation
import Glibc

/// The account of nginx's worker processes. Every `unsafe` word about accounts is in this file.
package struct WorkerAccount: Hashable, Sendable {
    package var user: String
    package var group: String
    package var userID: UInt32
    package var groupID: UInt32

    /// The first of the usual accounts without rights that this system has. Nil where this program may not switch users. Blocks.
    package static func find() -> WorkerAccount? {
        guard geteuid() == 0, canSwitchUsers else { return nil }
        for name in ["www-data", "nginx", "nobody"] {
            guard let entry = unsafe getpwnam(name), unsafe entry.pointee.pw_uid != 0 else { continue }
            let (user, group) = unsafe (entry.pointee.pw_uid, entry.pointee.pw_gid)
            guard let groupEntry = unsafe getgrgid(group) else { continue }
            return unsafe WorkerAccount(user: name, group: String(cString: groupEntry.pointee.gr_name), userID: user, groupID: group)
        }
        return nil
    }

    /// CAP_SETGID and CAP_SETUID, which a container may deny to root, and CAP_CHOWN for the folders of the workers. Source: capabilities(7).
    private static let needed: UInt64 = 1 << 0 | 1 << 6 | 1 << 7

    private static var canSwitchUsers: Bool {
        guard let data = FileManager.default.contents(atPath: "/proc/self/status") else { return false }
        let line = String(decoding: data, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        guard let mask = line.flatMap({ UInt64($0.dropFirst("CapEff:".count).trimmingCharacters(in: .whitespaces), radix: 16) }) else { return false }
        return mask & needed == needed
    }
}
