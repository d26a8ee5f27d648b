import Files

/// The extended attributes in the records of a pax header, as star, GNU tar and bsdtar write them: `SCHILY.xattr.NAME=VALUE`, the value as it is.
struct PaxAttributes {
    private static let prefix = Array("SCHILY.xattr.".utf8)
    /// Access lists as text, with the names of users, which are not read. GNU tar writes them besides the attributes that hold the same.
    private static let textPrefix = Array("SCHILY.acl.".utf8)
    private static let (percent, equals) = (Array("%25".utf8), Array("%3D".utf8))
    /// Each byte of a name may take three in a key.
    static let mostKeyBytes = prefix.count + 3 * ExtendedAttribute.mostNameBytes

    private var values: [RawName: [UInt8]] = [:]
    private var bytes = 0
    private var hasTextLists = false
    private var isCut = false

    /// Sorted by name.
    var all: [ExtendedAttribute] {
        values.isEmpty ? [] : values.map { ExtendedAttribute(name: $0.key, value: $0.value) }.sorted { $0.name < $1.name }
    }

    /// What is not kept of a member's attributes, as part of a sentence; nil where all are.
    var flaw: String? {
        if isCut { return "extended attributes beyond what is kept of them" }
        let hasLists = values[ExtendedAttribute.accessList] != nil || values[ExtendedAttribute.defaultAccessList] != nil
        return hasTextLists && !hasLists ? "its access list, which is stored as text" : nil
    }

    /// The name of an attribute whose value is to be added; nil for other keys, and where there is no room for it.
    mutating func begin(key: [UInt8], bytes count: Int64) -> RawName? {
        if key.starts(with: PaxAttributes.textPrefix) { hasTextLists = true }
        guard key.starts(with: PaxAttributes.prefix) else { return nil }
        let name = PaxAttributes.name(key.dropFirst(PaxAttributes.prefix.count))
        guard (1...ExtendedAttribute.mostNameBytes).contains(name.bytes.count), count <= ExtendedAttribute.mostValueBytes,
            name.bytes.count + Int(count) <= ExtractionLimits.attributeBytes - bytes
        else {
            isCut = true
            return nil
        }
        return name
    }

    mutating func add(_ name: RawName, _ value: [UInt8]) {
        bytes += name.bytes.count + value.count
        values[name] = value
    }

    // MARK: Keys

    /// The key of an attribute's record. Two characters are written as GNU tar writes them, for a key ends at the first equals sign.
    static func key(_ name: RawName) -> RawName { RawName(prefix + name.bytes.flatMap { $0 == 37 ? percent : $0 == 61 ? equals : [$0] }) }

    private static func name(_ key: ArraySlice<UInt8>) -> RawName {
        var (name, rest) = ([UInt8](), key)
        while let byte = rest.first {
            let plain: UInt8? = rest.starts(with: percent) ? 37 : rest.starts(with: equals) ? 61 : nil
            name.append(plain ?? byte)
            rest = rest.dropFirst(plain == nil ? 1 : 3)
        }
        return RawName(name)
    }
}
