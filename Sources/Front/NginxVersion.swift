import Foundation

/// The version of an nginx, and what was left out of it, as its file says: nothing is started to learn it.
package struct NginxVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The first with the option `-e`, without which the first lines of its log go to a file.
    package static let oldest = NginxVersion(major: 1, minor: 20, patch: 0)

    package var major, minor, patch: Int

    package var description: String { "\(major).\(minor).\(patch)" }

    package static func < (left: NginxVersion, right: NginxVersion) -> Bool {
        (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }

    package init(major: Int, minor: Int, patch: Int) { (self.major, self.minor, self.patch) = (major, minor, patch) }

    /// What the program prints for `nginx -v`; nil where its file has no such text, as a script that starts another program. Blocks for the disk.
    package static func read(_ program: String) -> NginxVersion? {
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: program), options: .mappedIfSafe),
            let start = data.range(of: Data("nginx version: ".utf8))?.upperBound
        else { return nil }
        let line = String(decoding: data[start...].prefix(100).prefix { $0 >= UInt8(ascii: " ") }, as: UTF8.self)
        // Other builds have a name of their own: "openresty/1.25.3.1".
        guard let match = line.firstMatch(of: /^[\w.-]+\/(\d{1,9})\.(\d{1,9})\.(\d{1,9})/), let major = Int(match.1), let minor = Int(match.2),
            let patch = Int(match.3)
        else { return nil }
        return NginxVersion(major: major, minor: minor, patch: patch)
    }
}
