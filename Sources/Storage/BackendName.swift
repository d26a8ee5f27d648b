package import Buckets

/// Which names objects of a backend may have: up to 200 bytes of parts between slashes, each of ASCII letters, digits, `-`, `_` and `.`, and none of
/// which begins with a dot. So they are file names everywhere, in the same order, and no program escapes them; what begins with a dot is the backend's own.
package enum BackendName {
    private static let longest = 200

    /// - Throws: `refused` for a name that is not allowed.
    package static func check(_ name: String) throws(StorageError) {
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let isGood = name.utf8.count <= longest && parts.allSatisfy { !$0.isEmpty && $0.first != UInt8(ascii: ".") && $0.allSatisfy(isAllowed) }
        guard isGood else { throw .refused("\"\(name)\" can't be the name of an object in a repository") }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }
}
