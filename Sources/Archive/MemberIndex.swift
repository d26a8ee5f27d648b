import Files

/// What an archive has held so far, by path. Takes time in proportion to the length of the paths, and memory to the number of members.
final class MemberIndex {
    enum Kind: Hashable {
        case folder
        /// The number of the member that holds the content.
        case file(content: Int)
        /// A symbolic link; its number among those to be made.
        case link(Int)
        /// Came, and was not made.
        case nothing
    }

    struct Node {
        var parent: Int32
        var name: RawName
        var kind: Kind
        /// Whether it is there, and not only known.
        var isMade: Bool
    }

    private struct Key: Hashable {
        var parent: Int32
        var name: RawName
    }

    static let root = 0
    private(set) var nodes = [Node(parent: 0, name: "", kind: .folder, isMade: true)]
    private var numbers: [Key: Int32] = [:]

    /// Of all that is known but the root.
    var count: Int { nodes.count - 1 }

    subscript(_ node: Int) -> Node {
        get { nodes[node] }
        set { nodes[node] = newValue }
    }

    func child(_ name: RawName, of parent: Int) -> Int? { numbers[Key(parent: Int32(parent), name: name)].map(Int.init) }

    /// The node at a path; nil where none is known.
    func node(_ path: [RawName], below start: Int = MemberIndex.root) -> Int? {
        var node = start
        for name in path {
            guard let next = child(name, of: node) else { return nil }
            node = next
        }
        return node
    }

    enum Parent {
        /// The deepest folder known on the way, and the names of those that are missing below it.
        case folder(Int, missing: ArraySlice<RawName>)
        /// A symbolic link on the way, or something else that can hold nothing.
        case link
        case other(RawName)
    }

    func parent(_ path: ArraySlice<RawName>) -> Parent {
        var node = MemberIndex.root
        for (index, name) in zip(path.indices, path) {
            guard let next = child(name, of: node) else { return .folder(node, missing: path[index...]) }
            switch nodes[next].kind {
            case .folder: node = next
            case .link: return .link
            case .file, .nothing: return .other(name)
            }
        }
        return .folder(node, missing: [])
    }

    func add(_ name: RawName, to parent: Int, _ kind: Kind) -> Int {
        numbers[Key(parent: Int32(parent), name: name)] = Int32(nodes.count)
        nodes.append(Node(parent: Int32(parent), name: name, kind: kind, isMade: false))
        return nodes.count - 1
    }

    /// The names that lead to a node.
    func names(_ node: Int) -> [RawName] {
        var names: [RawName] = []
        var node = node
        while node != MemberIndex.root {
            names.append(nodes[node].name)
            node = Int(nodes[node].parent)
        }
        return names.reversed()
    }

    func place(_ node: Int) -> MemberPlace { MemberPlace(number: node, parent: Int(nodes[node].parent), name: nodes[node].name, index: self) }
}
