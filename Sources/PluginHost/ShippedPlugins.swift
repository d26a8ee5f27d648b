package import Files

/// Finds the plug-ins that come with the program.
package enum ShippedPlugins {
    /// The environment variable that names another folder instead.
    package static let variable = "SHIPKEEPER_PLUGINS"

    /// Looks where installations put them: in `share/shipkeeper/plugins` next to the folder of the program, and for a program that was built in the
    /// repository in the repository's `Plugins`.
    ///
    /// - Parameters:
    ///   - program: The whole path of the running program.
    ///   - exists: Whether there is something at a path.
    package static func folder(of program: String, exists: (String) -> Bool) -> String? {
        let names = program.split(separator: "/")
        guard program.hasPrefix("/"), names.count >= 2 else { return nil }
        let installed = path(names.dropLast(2)) + "/share/shipkeeper/plugins"
        if exists(installed) { return installed }
        guard let build = names.lastIndex(of: ".build") else { return nil }
        let repository = path(names[..<build])
        return ["Package.swift", "Sources/PluginHost", "Plugins"].allSatisfy { exists("\(repository)/\($0)") } ? repository + "/Plugins" : nil
    }

    private static func path(_ names: some Sequence<Substring>) -> String { names.map { "/\($0)" }.joined() }
}

/// Whether what lies in a folder is what its owner put there: nobody named it, so nobody answers for it but its owner.
package enum PlaceTrust {
    /// Why something is not to be trusted.
    package enum Flaw: Hashable, Sendable {
        case owner(UInt32)
        case groupWrites(UInt32)
        case everybodyWrites

        package var description: String {
            switch self {
            case .owner(let user): "belongs to user \(user)"
            case .groupWrites(let group): "can be written by group \(group)"
            case .everybodyWrites: "can be written by everybody"
            }
        }
    }

    /// Judges by owner and permissions. A group that has the number of the user who owns the file is that user's own: no one else is in it.
    package static func flaw(_ status: FileStatus, user: UInt32) -> Flaw? {
        guard status.owner == 0 || status.owner == user else { return .owner(status.owner) }
        // The permissions of a link itself mean nothing: who may write its folder may change it.
        if status.kind == .symbolicLink { return nil }
        if status.mode & 0o002 != 0 { return .everybodyWrites }
        if status.mode & 0o020 != 0, status.group != status.owner { return .groupWrites(status.group) }
        return nil
    }

    /// What is wrong with a folder itself, in words; nil where it may be trusted. Blocks.
    package static func problem(ofFolder path: String, user: UInt32 = FileUser.id) -> String? {
        do throws(FileError) { return flaw(try Folder.open(path).status(), user: user).map { "\(path) \($0.description)" } } catch { return "\(error)" }
    }

    /// What is wrong with a folder or with what is right in it, in words; nil where all may be trusted. Blocks.
    package static func problem(in path: String, user: UInt32 = FileUser.id) -> String? {
        if let problem = problem(ofFolder: path, user: user) { return problem }
        do throws(FileError) {
            let folder = try Folder.open(path)
            for name in try folder.names() {
                if let flaw = flaw(try folder.status(name), user: user) { return "\(folder.path(of: name)) \(flaw.description)" }
            }
            return nil
        } catch {
            return "\(error)"
        }
    }
}
