import Foundation

/// The files to import: one, or those of a folder.
package struct ImportSource: Sendable {
    package struct File: Sendable {
        /// As the user named it, or the folder with the place in it.
        package var path: String
        package var text: String

        package init(path: String, text: String) { (self.path, self.text) = (path, text) }

        /// The last part of the path.
        var name: String { String(path.split(separator: "/").last ?? "") }
        /// The lines, without what ends them.
        var lines: [String] { text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init) }
    }

    /// As the user named it.
    package let path: String
    /// In the order of their paths.
    package let files: [File]

    package init(path: String, files: [File]) { (self.path, self.files) = (path, files) }

    /// Why nothing can be imported.
    package struct Unreadable: Error, Sendable {
        package var message: String
    }

    private static let mostFiles = 2000
    private static let mostBytes = 1_000_000

    /// Reads a file, or all files of a folder and of those in it. Files that are not text are left out. Blocks.
    package static func load(_ path: String) throws(Unreadable) -> ImportSource {
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw Unreadable(message: "\(path) does not exist") }
        guard isFolder.boolValue else {
            guard let data = FileManager.default.contents(atPath: path) else { throw Unreadable(message: "\(path) can't be read") }
            return ImportSource(path: path, files: [File(path: path, text: String(decoding: data, as: UTF8.self))])
        }
        let names = (FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []).sorted()
        guard names.count <= mostFiles else { throw Unreadable(message: "\(path) holds more than \(mostFiles) files: name the folder of the services") }
        let files = names.compactMap { name -> File? in
            let full = path.hasSuffix("/") ? path + name : "\(path)/\(name)"
            let kind = (try? FileManager.default.attributesOfItem(atPath: full))?[.type] as? FileAttributeType
            guard kind == .typeRegular, let data = FileManager.default.contents(atPath: full), data.count <= mostBytes, !data.contains(0) else { return nil }
            return File(path: full, text: String(decoding: data, as: UTF8.self))
        }
        return ImportSource(path: path, files: files)
    }
}
