import Files
import Foundation

extension Tree {
    /// The blob's content. Of times only the modification counts: others differ in each container, and would make each tree a new one there.
    package var json: [UInt8] {
        var writer = JSONWriter()
        writer.group { writer in
            writer.key("nodes")
            writer.list { writer in for node in nodes { node.write(to: &writer) } }
        }
        return writer.bytes + [0x0a]
    }

    /// - Throws: `damaged`.
    package init(json: [UInt8]) throws(ResticError) {
        var (reader, nodes): (JSONReader, [TreeNode]) = (JSONReader(json), [])
        do {
            try reader.group { key, reader throws(JSONReader.Malformed) in
                guard key == "nodes" else { return false }
                try reader.list { reader throws(JSONReader.Malformed) in
                    var fields = NodeFields()
                    try reader.group { key, reader throws(JSONReader.Malformed) in try fields.read(key, &reader) }
                    nodes.append(try fields.node())
                }
                return true
            }
        } catch {
            throw .damaged("a tree")
        }
        self.init(nodes)
        guard zip(self.nodes, self.nodes.dropFirst()).allSatisfy({ $0.name < $1.name }) else { throw .damaged("a tree") }
    }
}

extension TreeNode {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.group { writer in
            writer.key("name")
            writer.string(QuotedName.quote(name.bytes))
            writer.key("type")
            writer.string(kind.word)
            writer.key("mode")
            writer.number(GoMode.encode(mode, kind))
            let time = ResticTime.text(modified)
            for key in ["mtime", "atime", "ctime"] as [StaticString] {
                writer.key(key)
                writer.string(time)
            }
            writer.key("uid")
            writer.number(owner)
            writer.key("gid")
            writer.number(group)
            if let link {
                writer.key("inode")
                writer.number(link.inode)
                writer.key("device_id")
                writer.number(link.device)
            }
            if case .file(let size, _) = kind, size > 0 {
                writer.key("size")
                writer.number(size)
            }
            if let link {
                writer.key("links")
                writer.number(link.count)
            }
            if case .symbolicLink(let target) = kind { target.write(to: &writer) }
            writeAttributes(to: &writer)
            writeContent(to: &writer)
        }
    }

    private func writeAttributes(to writer: inout JSONWriter) {
        guard !attributes.isEmpty else { return }
        writer.key("extended_attributes")
        writer.list { writer in
            for attribute in attributes {
                writer.group { writer in
                    writer.key("name")
                    writer.string(attribute.name)
                    writer.key("value")
                    writer.string(Data(attribute.value).base64EncodedString())
                }
            }
        }
    }

    private func writeContent(to writer: inout JSONWriter) {
        switch kind {
        case .device(let number), .characterDevice(let number):
            writer.key("device")
            writer.number(number)
        default: break
        }
        writer.key("content")
        guard case .file(_, let content) = kind else {
            writer.null()
            if case .folder(let tree?) = kind {
                writer.key("subtree")
                writer.id(tree)
            }
            return
        }
        writer.list { writer in for id in content { writer.id(id) } }
    }
}

extension RawName {
    /// The target of a link: as text, and where it is none, as its bytes besides.
    fileprivate func write(to writer: inout JSONWriter) {
        writer.key("linktarget")
        writer.string(description)
        guard String(validating: bytes, as: UTF8.self) == nil else { return }
        writer.key("linktarget_raw")
        writer.string(Data(bytes).base64EncodedString())
    }
}

extension TreeNode.Kind {
    fileprivate var word: String {
        switch self {
        case .file: "file"
        case .folder: "dir"
        case .symbolicLink: "symlink"
        case .fifo: "fifo"
        case .socket: "socket"
        case .device: "dev"
        case .characterDevice: "chardev"
        }
    }
}

/// What a node's keys have said so far.
private struct NodeFields {
    private var (name, type, target): (String?, String?, String?)
    private var rawTarget: [UInt8]?
    private var (mode, owner, group): (UInt32, UInt32, UInt32) = (0, 0, 0)
    private var modified: FileTime?
    private var (inode, device, links, number): (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    private var size: Int64 = 0
    private var content: [BlobID] = []
    private var subtree: BlobID?
    private var attributes: [TreeNode.Attribute] = []

    mutating func read(_ key: String, _ reader: inout JSONReader) throws(JSONReader.Malformed) -> Bool {
        switch key {
        case "name": name = try reader.string()
        case "type": type = try reader.string()
        case "mode": mode = try reader.number()
        case "mtime": modified = ResticTime.time(try reader.string())
        case "uid": owner = try reader.number()
        case "gid": group = try reader.number()
        case "inode": inode = try reader.number()
        case "device_id": device = try reader.number()
        case "size": size = try reader.number()
        case "links": links = try reader.number()
        case "linktarget": target = try reader.string()
        case "linktarget_raw": rawTarget = try reader.base64()
        case "extended_attributes": try reader.list { reader throws(JSONReader.Malformed) in attributes.append(try reader.attribute()) }
        case "device": number = try reader.number()
        case "content": try reader.list { reader throws(JSONReader.Malformed) in content.append(try reader.id()) }
        case "subtree": subtree = try reader.id()
        default: return false
        }
        return true
    }

    func node() throws(JSONReader.Malformed) -> TreeNode {
        guard let name = name.flatMap(QuotedName.unquote), !name.isEmpty, !name.contains(0), !name.contains(UInt8(ascii: "/")), name != [46],
            name != [46, 46], let modified, size >= 0
        else { throw JSONReader.Malformed() }
        let kind: TreeNode.Kind
        switch type {
        case "file": kind = .file(size: size, content: content)
        case "dir": kind = .folder(tree: subtree)
        case "symlink":
            guard let bytes = rawTarget ?? target.map({ Array($0.utf8) }) else { throw JSONReader.Malformed() }
            kind = .symbolicLink(to: RawName(bytes))
        case "fifo": kind = .fifo
        case "socket": kind = .socket
        case "dev": kind = .device(number)
        case "chardev": kind = .characterDevice(number)
        default: throw JSONReader.Malformed()
        }
        let isLinked = links > 1 && inode != 0 && type == "file"
        return TreeNode(
            name: RawName(name), kind: kind, mode: GoMode.decode(mode), owner: owner, group: group, modified: modified,
            link: isLinked ? .init(inode: inode, device: device, count: links) : nil, attributes: attributes.sorted { $0.name < $1.name })
    }
}

extension JSONReader {
    fileprivate mutating func base64() throws(Malformed) -> [UInt8] {
        guard let data = Data(base64Encoded: try string()) else { throw Malformed() }
        return Array(data)
    }

    fileprivate mutating func attribute() throws(Malformed) -> TreeNode.Attribute {
        var (name, value): (String?, [UInt8]) = (nil, [])
        try group { key, reader throws(Malformed) in
            switch key {
            case "name": name = try reader.string()
            case "value": value = try reader.base64()
            default: return false
            }
            return true
        }
        guard let name else { throw Malformed() }
        return TreeNode.Attribute(name: name, value: value)
    }
}
