import Files
import Restic

/// Looks into the tree of a snapshot by paths; most quickly for paths in the order of a walk. For one thread.
final class PreviousTree {
    private let reader: BlobReader?
    private let top: BlobID?
    /// The folders that led to what was asked for last.
    private var levels: [(name: RawName, nodes: [TreeNode])] = []

    /// - Parameters:
    ///   - top: The tree that paths begin in; nil where there is none.
    init(_ reader: BlobReader?, _ top: BlobID?) { (self.reader, self.top) = (reader, top) }

    /// None.
    convenience init() { self.init(nil, nil) }

    /// What has a path there; nil where nothing has, and where that is damaged.
    /// - Throws: Where the repository can't be reached just now: what it holds must not be taken for nothing.
    func node(_ path: RawName) throws -> TreeNode? {
        guard let top else { return nil }
        let names = path.bytes.split(separator: 47).map { RawName($0) }
        guard let last = names.last else { return nil }
        let folders = names.dropLast()
        if levels.isEmpty { levels = [("", try nodes(of: top))] }
        var depth = 1
        while depth < levels.count, depth <= folders.count, levels[depth].name == folders[depth - 1] { depth += 1 }
        levels.removeLast(levels.count - depth)
        for name in folders[(depth - 1)...] {
            guard let node = PreviousTree.find(name, levels[levels.count - 1].nodes), case .folder(let tree?) = node.kind else { return nil }
            levels.append((name, try nodes(of: tree)))
        }
        return PreviousTree.find(last, levels[levels.count - 1].nodes)
    }

    /// What a folder holds; nothing where that is damaged.
    func nodes(of tree: BlobID) throws -> [TreeNode] {
        do { return try reader?.tree(tree).nodes ?? [] } catch is ResticError { return [] }
    }

    private static func find(_ name: RawName, _ nodes: [TreeNode]) -> TreeNode? {
        var (low, high) = (0, nodes.count)
        while low < high {
            let middle = (low + high) / 2
            if nodes[middle].name < name { low = middle + 1 } else { high = middle }
        }
        return low < nodes.count && nodes[low].name == name ? nodes[low] : nil
    }
}
