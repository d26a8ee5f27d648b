/// A named value that a file system keeps with a file, a folder or a link. See xattr(7). Access lists and capabilities are kept in this form too.
package struct ExtendedAttribute: Hashable, Sendable {
    /// With its namespace: `user.comment`, `system.posix_acl_access`.
    package var name: RawName
    /// May be empty.
    package var value: [UInt8]

    package init(name: RawName, value: [UInt8]) { (self.name, self.value) = (name, value) }

    /// Bytes of the longest name, and of the largest value, that Linux takes. See xattr(7), `XATTR_NAME_MAX` and `XATTR_SIZE_MAX`.
    package static let mostNameBytes = 255
    package static let mostValueBytes = 65_536

    /// The access list of a file or folder.
    package static let accessList: RawName = "system.posix_acl_access"
    /// The access list that new files in a folder get.
    package static let defaultAccessList: RawName = "system.posix_acl_default"
    /// What the program in a file may do that is else left to root.
    package static let capability: RawName = "security.capability"

    /// Whether an attribute of this name belongs to a file wherever it is: `user.*`, access lists and capabilities, and what only root may set. Labels of
    /// this host's security modules, and what the kernel makes up, do not.
    ///
    /// - Parameter isRoot: Whether the user who reads or sets it is root.
    package static func isKept(_ name: RawName, isRoot: Bool) -> Bool {
        guard name.bytes.count <= mostNameBytes, !name.bytes.contains(0) else { return false }
        if name == accessList || name == defaultAccessList || name == capability { return true }
        if name.bytes.starts(with: "user.".utf8) { return name.bytes.count > 5 }
        guard isRoot, !ofThisHost.contains(name) else { return false }
        return name.bytes.starts(with: "trusted.".utf8) || name.bytes.starts(with: "security.".utf8)
    }

    /// Labels, and a checksum with a key of this machine.
    private static let ofThisHost: Set<RawName> = ["security.selinux", "security.apparmor", "security.evm"]
}
