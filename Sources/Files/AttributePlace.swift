import CFiles
import Glibc

/// Where extended attributes are: an open file or folder, or what a path leads to, be it a link. Every `unsafe` word for them is in this file.
struct AttributePlace {
    enum Way {
        case descriptor(CInt)
        /// The last name of the path is not followed.
        case path(RawName)
    }

    let way: Way
    /// For messages.
    let path: String

    /// More names than Linux gives out in one list.
    private static let listBytes = 65_536
    private static let usualBytes = 1024
    /// An attribute may grow between two looks at it.
    private static let tries = 4

    /// Those that are kept, in the order of their names; none where the file system has none.
    func attributes() throws(FileError) -> [ExtendedAttribute] {
        let isRoot = FileUser.isRoot
        var found: [ExtendedAttribute] = []
        for name in try names() where ExtendedAttribute.isKept(name, isRoot: isRoot) {
            if let value = try value(of: name) { found.append(ExtendedAttribute(name: name, value: value)) }
        }
        return found
    }

    private func names() throws(FileError) -> [RawName] {
        guard let list = try unsafe filled(usual: AttributePlace.usualBytes, most: AttributePlace.listBytes, list) else { return [] }
        return list.split(separator: 0).map { RawName($0) }.sorted()
    }

    private func value(of name: RawName) throws(FileError) -> [UInt8]? {
        try unsafe filled(usual: AttributePlace.usualBytes, most: ExtendedAttribute.mostValueBytes) { buffer, room in
            unsafe name.withCString { name in
                switch way {
                case .descriptor(let raw): unsafe fgetxattr(raw, name, buffer, room)
                case .path(let path): unsafe path.withCString { unsafe lgetxattr($0, name, buffer, room) }
                }
            }
        }
    }

    private func list(_ buffer: UnsafeMutableRawPointer?, _ room: Int) -> Int {
        let characters = unsafe buffer?.assumingMemoryBound(to: CChar.self)
        return switch way {
        case .descriptor(let raw): unsafe flistxattr(raw, characters, room)
        case .path(let path): unsafe path.withCString { unsafe llistxattr($0, characters, room) }
        }
    }

    /// What a call writes into a buffer; nil where there is no such thing, or none on this file system.
    private func filled(usual: Int, most: Int, _ call: (UnsafeMutableRawPointer?, Int) -> Int) throws(FileError) -> [UInt8]? {
        var room = usual
        for _ in 0..<AttributePlace.tries {
            var failure: CInt = 0
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
                count = unsafe call(buffer.baseAddress, room)
                if count < 0 { (failure, count) = (errno, 0) }
            }
            switch failure {
            case 0: return bytes
            case ENODATA, EOPNOTSUPP: return nil
            case ERANGE where room < most: room = most
            default: throw FileError("read the extended attributes of", path, code: failure)
            }
        }
        throw FileError("read the extended attributes of", path, code: ERANGE)
    }

    func set(_ attribute: ExtendedAttribute) throws(FileError) {
        let result = unsafe attribute.name.withCString { name in
            unsafe attribute.value.withUnsafeBytes { value in
                switch way {
                case .descriptor(let raw): unsafe fsetxattr(raw, name, value.baseAddress, value.count, 0)
                case .path(let path): unsafe path.withCString { unsafe lsetxattr($0, name, value.baseAddress, value.count, 0) }
                }
            }
        }
        guard result == 0 else { throw FileError("set \(attribute.name) of", path) }
    }

    func remove(_ name: RawName) throws(FileError) {
        let result = unsafe name.withCString { name in
            switch way {
            case .descriptor(let raw): unsafe fremovexattr(raw, name)
            case .path(let path): unsafe path.withCString { unsafe lremovexattr($0, name) }
            }
        }
        guard result == 0 || errno == ENODATA || errno == EOPNOTSUPP else { throw FileError("remove \(name) of", path) }
    }
}

extension AttributePlace {
    func take(_ attributes: [ExtendedAttribute]) {
        for list in [ExtendedAttribute.accessList, ExtendedAttribute.defaultAccessList] where !attributes.contains(where: { $0.name == list }) {
            try? remove(list)
        }
        for attribute in attributes { try? set(attribute) }
    }
}

extension OpenFile {
    private var attributePlace: AttributePlace { AttributePlace(way: .descriptor(raw), path: path) }

    /// The file's extended attributes that are kept (`ExtendedAttribute.isKept`), sorted by name; none where the file system has none.
    package func attributes() throws(FileError) -> [ExtendedAttribute] { try attributePlace.attributes() }

    /// Sets one, or replaces its value. Setting an access list changes the mode too, and a change of the owner takes capabilities away.
    /// - Throws: `EPERM` where only root may, `EOPNOTSUPP` where the file system has none of that kind, `ENOSPC` where it has no room for one more.
    package func set(_ attribute: ExtendedAttribute) throws(FileError) { try attributePlace.set(attribute) }

    /// Removes one, if it is there.
    package func removeAttribute(_ name: RawName) throws(FileError) { try attributePlace.remove(name) }

    /// Sets those of another file, as far as this user and this file system can keep them, and removes access lists that are not among them.
    package func takeAttributes(_ all: [ExtendedAttribute]) { attributePlace.take(all) }
}

extension Folder {
    private var attributePlace: AttributePlace { AttributePlace(way: .descriptor(raw), path: path) }

    /// The folder's own extended attributes that are kept (`ExtendedAttribute.isKept`), sorted by name; none where the file system has none.
    package func attributes() throws(FileError) -> [ExtendedAttribute] { try attributePlace.attributes() }

    /// Sets one of the folder's own, or replaces its value; see `OpenFile.set`.
    package func set(_ attribute: ExtendedAttribute) throws(FileError) { try attributePlace.set(attribute) }

    /// Removes one of the folder's own, if it is there.
    package func removeAttribute(_ name: RawName) throws(FileError) { try attributePlace.remove(name) }

    /// Sets those of another folder; see `OpenFile.takeAttributes`.
    package func takeAttributes(_ all: [ExtendedAttribute]) { attributePlace.take(all) }

    /// The extended attributes of what has that name, be it a link; it need not be open for that. Where the system has no `/proc`, none of a link, and those of
    /// a folder only if it can be opened.
    package func attributes(of name: RawName) throws(FileError) -> [ExtendedAttribute] {
        guard let place = attributePlace(of: name) else {
            if let folder = try? folder(name) { return try folder.attributes() }
            return []
        }
        return try place.attributes()
    }

    /// Sets one of what has that name, be it a link.
    /// - Throws: `EOPNOTSUPP` also where the system has no `/proc`.
    package func set(_ attribute: ExtendedAttribute, of name: RawName) throws(FileError) {
        guard let place = attributePlace(of: name) else { throw FileError("set \(attribute.name) of", path(of: name), code: EOPNOTSUPP) }
        try place.set(attribute)
    }

    /// The kernel has no call for a name below a descriptor before 6.13, but a path that leads through one.
    private func attributePlace(of name: RawName) -> AttributePlace? {
        descriptorPath.map { AttributePlace(way: .path(RawName(Array($0.utf8) + [47] + name.bytes)), path: path(of: name)) }
    }
}
