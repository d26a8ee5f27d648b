import ArgumentParser
import Export
import Files
import Foundation

/// The folder that `export --to` writes to.
struct ExportFolder {
    private let name: String

    init(_ name: String) { self.name = name }

    /// Writes the files, over those that an earlier export wrote and no others.
    func write(_ exported: Exported, for kind: ExportKind) throws {
        let path = URL(fileURLWithPath: name).path
        let foreign = exported.files.filter { file in text(file.name).map { $0 != file.text && !isOurs($0, kind) } ?? false }.map(\.name)
        guard foreign.isEmpty else {
            let names = foreign.joined(separator: ", ")
            Console.error(
                "\(names) in \(name) \(foreign.count == 1 ? "is" : "are") not of an earlier export; nothing was written", hint: "name another folder with --to")
            throw ExitCode.failure
        }
        do throws(FileError) {
            let folder = try Folder.make(path)
            for file in exported.files { try folder.replace(RawName(file.name), with: Array(file.text.utf8), mode: 0o644) }
        } catch {
            Console.error("the files can't be written: \(error)")
            throw ExitCode.failure
        }
        for file in exported.files { Console.note("wrote \(name)/\(file.name)") }
        for left in earlier(kind) where !exported.files.contains(where: { $0.name == left }) {
            Console.warning("\(name)/\(left) is of an earlier export, and nothing writes it any more", hint: "delete it, and what was made of it")
        }
    }

    private func text(_ file: String) -> String? { FileManager.default.contents(atPath: "\(name)/\(file)").map { String(decoding: $0, as: UTF8.self) } }

    private func isOurs(_ text: String, _ kind: ExportKind) -> Bool { text.hasPrefix("# Written by: shipkeeper export \(kind.rawValue)\n") }

    /// Files of an earlier export.
    private func earlier(_ kind: ExportKind) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: name)) ?? []
        return names.sorted().filter { file in text(file).map { isOurs($0, kind) } ?? false }
    }
}
