import Files

/// The name of a member, judged: what it may be here.
enum MemberName {
    /// The names below the folder that is unpacked into; none for that folder itself.
    case names([RawName])
    /// It endangers nothing and can't be made; why.
    case unusable(String)

    /// - Throws: `refused` for what could lead out of the folder.
    init(_ path: RawName) throws(ArchiveError) {
        let bytes = path.bytes
        if bytes.first == 47 { throw .refused("\"\(path.readable)\" is an absolute path") }
        let names = bytes.split(separator: 47).filter { $0 != [46] }
        if names.contains([46, 46]) { throw .refused("\"\(path.readable)\" leads out of the folder") }
        if bytes.isEmpty {
            self = .unusable("a member without a name")
        } else if bytes.contains(0) {
            self = .unusable("\(path.readable): a zero byte in the name")
        } else if bytes.count > ExtractionLimits.pathBytes {
            self = .unusable("\(path.readable): a path of more than \(ExtractionLimits.pathBytes) bytes")
        } else if let long = names.first(where: { $0.count > ExtractionLimits.nameBytes }) {
            self = .unusable("\(path.readable): a name of \(long.count) bytes")
        } else {
            self = .names(names.map { RawName($0) })
        }
    }

    /// Why a link can't lead there; nil where it can.
    static func flaw(ofTarget target: RawName) -> String? {
        if target.bytes.isEmpty { return "a link to nothing" }
        if target.bytes.contains(0) { return "a link with a zero byte in it" }
        return target.bytes.count > ExtractionLimits.linkBytes ? "a link to more than \(ExtractionLimits.linkBytes) bytes" : nil
    }
}

/// The place of a member: its name, and the number of its folder.
struct MemberPlace {
    var number: Int
    var parent: Int
    var name: RawName
    private let index: MemberIndex

    init(number: Int, parent: Int, name: RawName, index: MemberIndex) {
        (self.number, self.parent, self.name, self.index) = (number, parent, name, index)
    }

    /// The names that lead to the folder; takes time in proportion to its depth.
    var above: [RawName] { index.names(parent) }
}
