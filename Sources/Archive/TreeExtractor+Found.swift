package import Files

/// What an archive has for a path.
package enum FoundMember: Hashable, Sendable {
    case folder, file
    /// A symbolic link, there or on the way there.
    case link
}

extension TreeExtractor {
    /// What the archive has at a path, whether it was wanted or not; nil where it has nothing there. Complete only after `read`.
    package func found(at path: [RawName]) -> FoundMember? {
        switch index.parent(path.dropLast()) {
        case .link: return .link
        case .other: return nil
        case .folder:
            guard let node = index.node(path) else { return nil }
            return switch index[node].kind {
            case .folder: .folder
            case .file: .file
            case .link: .link
            case .nothing: nil
            }
        }
    }

    /// The names directly below the folder that is unpacked into, in the order of the archive, those that were not wanted included.
    package var topNames: [RawName] {
        index.nodes.dropFirst().filter { Int($0.parent) == MemberIndex.root && $0.kind != .nothing }.map(\.name)
    }
}
