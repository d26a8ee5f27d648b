package import Files

/// Finds the plug-ins that come with the program.
package enum ShippedPlugins {
    /// The environment variable that names another folder instead.
    package static let variable = "SHIPKEEPER_PLUGINS"

    /// The folder with the shipped plug-ins: `share/shipkeeper/plugins` next to the folder of the program; for a program that was built in the
    /// repository, the repository's `Plugins`. Nil where there is neither.
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

    private static func path(_ names: some Sequence<Substring>) -> String { names.reduce(into: "") { $0 += "/\($1)" } }
}

/// Whether only root and this user can have changed what is in a folder: for folders that no configuration names.
package enum PlaceTrust {
    /// Why a file or folder is not trusted.
    package enum Flaw: Hashable, Sendable {
        /// Owned by this user id, which is neither root nor this process's user.
        case owner(UInt32)
        /// Writable by this group id.
        case groupWrites(UInt32)
        case everybodyWrites

        /// A clause that follows a path.
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
        // The permissions of a link itself have no effect: a user who may write its folder may change it.
        if status.kind == .symbolicLink { return nil }
        if status.mode & 0o002 != 0 { return .everybodyWrites }
        if status.mode & 0o020 != 0, status.group != status.owner { return .groupWrites(status.group) }
        return nil
    }

    /// Why a folder itself is not trusted, as a message; nil where it is. A folder that can't be read is not. Blocks for the disk.
    package static func problem(ofFolder path: String, user: UInt32 = FileUser.id) -> String? {
        do throws(FileError) { return flaw(try Folder.open(path).status(), user: user).map { "\(path) \($0.description)" } } catch { return "\(error)" }
    }

    /// Why a folder or anything below it is not trusted, as a message; nil where all is. Links are not followed. Blocks for the disk.
    package static func problem(in path: String, user: UInt32 = FileUser.id) -> String? {
        if let problem = problem(ofFolder: path, user: user) { return problem }
        do throws(FileError) {
            let top = try Folder.open(path)
            var waiting: [[RawName]] = [[]]
            while let way = waiting.popLast() {
                var folder = top
                for name in way { folder = try folder.folder(name) }
                for name in try folder.names() {
                    let status = try folder.status(name)
                    if let flaw = flaw(status, user: user) { return "\(folder.path(of: name)) \(flaw.description)" }
                    if status.kind == .folder { waiting.append(way + [name]) }
                }
            }
            return nil
        } catch {
            return "\(error)"
        }
    }
}
